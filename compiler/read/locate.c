#include "compiler/read/locate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- paths ---- */

char *real_path(Arena *arena, const char *path)
{
    char *found = realpath(path, NULL);
    char *copy = found != NULL ? arena_copy_text(arena, found, strlen(found)) : NULL;
    free(found);
    return copy;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool is_cache_snapshot(const char *folder, size_t *entry_length)
{
    static const char snapshots[] = "/snapshots", prefix[] = "models--";
    const char *hash = strrchr(folder, '/');
    if (hash == NULL || (size_t)(hash - folder) < sizeof snapshots - 1) return false;
    const char *entry_end = hash - (sizeof snapshots - 1);
    if (strncmp(entry_end, snapshots, sizeof snapshots - 1) != 0) return false;
    const char *entry = entry_end;
    while (entry > folder && entry[-1] != '/') entry--;
    *entry_length = (size_t)(entry_end - folder);
    return strncmp(entry, prefix, sizeof prefix - 1) == 0;
}

/* "name" of ".../models--org--name/snapshots/HASH", otherwise the folder's own name. */
static const char *name_for_people(Arena *arena, const char *folder)
{
    size_t length;
    if (!is_cache_snapshot(folder, &length)) return last_part(folder);
    const char *entry = last_part(arena_copy_text(arena, folder, length));
    const char *name = entry;
    for (const char *dashes; (dashes = strstr(name, "--")) != NULL && dashes[2] != '\0';) name = dashes + 2;
    return name;
}

/* ---- hub ids ---- */

typedef struct HubId {
    const char *entry;    /* "models--org--name" */
    const char *revision; /* "main" unless given */
} HubId;

static bool is_word(const char *text, size_t length, const char *more)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                     c == '-' || c == '.';
        if (!plain && (c == '\0' || strchr(more, c) == NULL)) return false;
    }
    return length != 0 && length <= 96 && text[0] != '.' && text[0] != '-';
}

/* "name", "org/name", each with "@revision". */
static bool parse_hub_id(Arena *arena, const char *where, HubId *id)
{
    const char *at = strchr(where, '@');
    size_t length = at != NULL ? (size_t)(at - where) : strlen(where);
    const char *slash = memchr(where, '/', length);
    size_t first = slash != NULL ? (size_t)(slash - where) : length;
    if (!is_word(where, first, "") || (slash != NULL && !is_word(slash + 1, length - first - 1, ""))) return false;
    id->revision = at != NULL ? at + 1 : "main";
    if (!is_word(id->revision, strlen(id->revision), "/") || strstr(id->revision, "..") != NULL) return false;
    if (slash != NULL)
        id->entry = arena_printf(arena, "models--%.*s--%.*s", (int)first, where, (int)(length - first - 1), slash + 1);
    else
        id->entry = arena_printf(arena, "models--%.*s", (int)first, where);
    return true;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* As huggingface_hub finds it. NULL when the home folder is unknown too. */
static const char *hub_cache(Arena *arena)
{
    const char *value;
    if ((value = variable("HF_HUB_CACHE")) != NULL || (value = variable("HUGGINGFACE_HUB_CACHE")) != NULL) return value;
    if ((value = variable("HF_HOME")) != NULL) return arena_printf(arena, "%s/hub", value);
    if ((value = variable("XDG_CACHE_HOME")) != NULL) return arena_printf(arena, "%s/huggingface/hub", value);
    value = variable("HOME");
    return value != NULL ? arena_printf(arena, "%s/.cache/huggingface/hub", value) : NULL;
}

/* The commit that refs/REVISION names; NULL when there is no such file or it holds something else. */
static const char *read_reference(Arena *arena, const char *entry, const char *revision)
{
    enum { HASH_LIMIT = 100 };
    Err ignored = {{0}};
    FileView view;
    const char *path = arena_printf(arena, "%s/refs/%s", entry, revision);
    if (!file_exists(path) || !file_read(arena, path, HASH_LIMIT, &view, &ignored)) return NULL;
    size_t length = strcspn((const char *)view.data, "\r\n ");
    return is_word((const char *)view.data, length, "") ? arena_copy_text(arena, (const char *)view.data, length)
                                                        : NULL;
}

static const char *locate_in_cache(Arena *arena, const char *where, Err *err)
{
    HubId id;
    const char *cache = hub_cache(arena);
    if (!parse_hub_id(arena, where, &id)) {
        err_set(err, "%s: no such file or folder", where);
        return NULL;
    }
    if (cache == NULL) {
        err_set(err,
                "%s: no such folder, and none of HF_HUB_CACHE, HF_HOME and HOME says where the Hugging Face cache is",
                where);
        return NULL;
    }
    const char *entry = arena_printf(arena, "%s/%s", cache, id.entry);
    const char *hash = read_reference(arena, entry, id.revision);
    const char *snapshot = arena_printf(arena, "%s/snapshots/%s", entry, hash != NULL ? hash : id.revision);
    if (file_exists(snapshot)) return snapshot;
    err_set(
        err,
        "%s: no such folder, and revision %s is not in the Hugging Face cache (%s); fetch it with: hf download %.*s",
        where, id.revision, entry, (int)strcspn(where, "@"), where);
    return NULL;
}

/* ---- all kinds ---- */

static bool locate_config_file(Arena *arena, const char *where, Place *place, Err *err)
{
    size_t length = strlen(where);
    if (length < 5 || strcmp(where + length - 5, ".json") != 0)
        return err_set(
            err, "%s: is a file, but not a config.json; wanted a model's folder, its config.json or its hub id", where);
    char *path = real_path(arena, where);
    if (path == NULL) return err_set(err, "%s: %s", where, strerror(errno));
    place->config = path;
    place->folder = arena_copy_text(arena, path, (size_t)(last_part(path) - path) - 1);
    if (place->folder[0] == '\0') place->folder = "/";
    place->config_only = true;
    const char *name = last_part(path);
    place->name = strcmp(name, "config.json") == 0 ? name_for_people(arena, place->folder)
                                                   : arena_copy_text(arena, name, strlen(name) - 5);
    return true;
}

static bool locate_folder(Arena *arena, const char *where, Place *place, Err *err)
{
    place->folder = real_path(arena, where);
    if (place->folder == NULL) return err_set(err, "%s: %s", where, strerror(errno));
    place->config = arena_printf(arena, "%s/config.json", place->folder);
    place->name = name_for_people(arena, place->folder);
    return true;
}

bool model_locate(Arena *arena, const char *where, Place *place, Err *err)
{
    struct stat status;
    *place = (Place){0};
    if (stat(where, &status) == 0)
        return S_ISDIR(status.st_mode) ? locate_folder(arena, where, place, err)
                                       : locate_config_file(arena, where, place, err);
    if (errno != ENOENT && errno != ENOTDIR) return err_set(err, "%s: %s", where, strerror(errno));
    const char *snapshot = locate_in_cache(arena, where, err);
    return snapshot != NULL && locate_folder(arena, snapshot, place, err);
}
