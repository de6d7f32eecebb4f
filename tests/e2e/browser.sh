# examples/browser: a page of one file writes what the host writes, in a real browser.
. "$(dirname "$0")/common.sh"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip "no browser (Debian: chromium)"
[ -e /usr/include/wasm32-wasi/stdio.h ] || skip "no compiler for WebAssembly (Debian: clang lld wasi-libc libclang-rt-14-dev-wasm32)"
"$HF2C" build "$EXAMPLES/kjv-writer" --target wasm32 --precision q4 -o writer.wasm >build.log || fail "$(cat build.log)"
"$HF2C" build "$EXAMPLES/kjv-writer" --target c11 --precision q4 -o writer >build.log || fail "$(cat build.log)"
python3 "$EXAMPLES/browser/page.py" writer.wasm page.html
# The page itself says nothing to the console.
echo '<script>setInterval(() => { if (document.body.dataset.ended) console.log("wrote " + JSON.stringify(element("text").textContent)); }, 100)</script>' >>page.html
"$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$WORK/profile" --enable-logging=stderr \
    "file://$WORK/page.html#And%20it%20came%20to%20pass" >browser.log 2>&1 &
browser=$!
for ((i = 0; i < 1200; i++)); do
    ! grep -q '"wrote ' browser.log || break
    sleep 0.1
done
kill $browser
wait $browser || true
python3 - <<'PY' >found || fail "$(tail -5 browser.log)"
import json, re
log = open("browser.log", encoding="utf-8", errors="replace").read()
print(json.loads(re.search(r'"wrote (".*?")", source', log).group(1)).strip())
PY
./writer "And it came to pass" --max-new-tokens 60 >wanted
diff wanted found || fail "the browser writes another text"
