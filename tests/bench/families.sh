# Each family's model_type, its file, and how many lines that has; a file may serve several.
cd "$(dirname "${BASH_SOURCE[0]}")/../../compiler/arch"
printf '| model_type | file | lines |\n|---|---|---:|\n'
grep -o 'model_type = "[^"]*"' ./*.c | sed 's|^./||' | sort -t'"' -k2 | while IFS=: read -r file type; do
    type=${type#*\"}
    printf '| `%s` | %s | %s |\n' "${type%\"}" "$file" "$(wc -l <"$file")"
done
