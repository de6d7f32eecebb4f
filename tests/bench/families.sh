# Each architecture of archs.def, the file that defines it, and how many lines that has; a file may serve several.
cd "$(dirname "${BASH_SOURCE[0]}")/../../compiler/arch"
printf '| model_type | file | lines |\n|---|---|---:|\n'
sed -n 's/^ARCH(\([a-z0-9_]*\)).*/\1/p' archs.def | while read -r name; do
    file=$(grep -lE "Architecture arch_$name\b|^[A-Z0-9_]+\($name[,)]" ./*.c | head -1)
    [ -n "$file" ] || { echo "no file defines $name" >&2; exit 1; }
    printf '| `%s` | %s | %s |\n' "$name" "${file#./}" "$(wc -l <"$file")"
done
