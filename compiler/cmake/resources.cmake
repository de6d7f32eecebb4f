# Writes OUTPUT, a C file that carries every file of FILES (paths relative to ROOT) by .incbin, as the table of compiler/resource.h.
set(text "/* Made by compiler/cmake/resources.cmake. */\n#include \"compiler/resource.h\"\n#include <string.h>\n\n")
set(table "")
set(number 0)
foreach(file ${FILES})
  string(APPEND text
    "__asm__(\".section .rodata\\n.global hf2c_resource_${number}\\nhf2c_resource_${number}:\\n.incbin \\\"${ROOT}/${file}\\\"\\n\"\n"
    "        \".global hf2c_resource_${number}_end\\nhf2c_resource_${number}_end:\\n.byte 0\\n.previous\\n\");\n"
    "extern const uint8_t hf2c_resource_${number}[], hf2c_resource_${number}_end[];\n")
  file(SIZE ${ROOT}/${file} size)
  string(APPEND table "    {\"${file}\", hf2c_resource_${number}, ${size}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND text "\nconst Resource resources[] = {\n${table}};\nconst size_t resource_count = ${number};\n\n"
  "const Resource *resource_find(const char *path)\n{\n    for (size_t i = 0; i < resource_count; i++)\n"
  "        if (strcmp(resources[i].path, path) == 0) return &resources[i];\n    return NULL;\n}\n")
file(WRITE ${OUTPUT} "${text}")
