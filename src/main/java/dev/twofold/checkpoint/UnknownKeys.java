package dev.twofold.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.diag.TwofoldException;
import dev.twofold.family.ClassKeys;
import dev.twofold.family.Families;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What becomes of keys of a config.json that a family's description does not mention. A key that the family's class of
 * transformers reads may change anything, and is refused. One that it does not read changes nothing, so it is only listed;
 * unless the file is of a later release, or brings code of its own, which may read it.
 */
public final class UnknownKeys {

    static final String AUTO_MAP = "auto_map";
    private static final String VERSION = "transformers_version";

    /** In the note of those that nothing reads. */
    private static final int MOST_NAMED = 20;

    private static final int LONGEST_NAME = 60;

    private final ClassKeys known = Families.classKeys();
    private final Set<String> ignored;
    private final Set<String> idle;
    private final Set<String> unread = new TreeSet<>();
    private final String modelType;
    private final Optional<String> doubt;

    private UnknownKeys(Set<String> ignored, String modelType, ConfigFile config, boolean ownCode) {
        this.ignored = ignored;
        this.idle = new TreeSet<>(ignored);
        this.modelType = modelType;
        this.doubt = doubt(config, ownCode);
    }

    /**
     * @param ignored keys that users say do not matter
     * @param ownCode whether the code that the checkpoint brings counts
     */
    public static UnknownKeys of(ConfigFile config, Set<String> ignored, boolean ownCode) {
        return new UnknownKeys(ignored, config.text("model_type").orElse(""), config, ownCode);
    }

    /** Why a key that the class does not read may matter all the same. */
    private Optional<String> doubt(ConfigFile config, boolean ownCode) {
        String version = config.text(VERSION).orElse("");
        if (!known.knows(modelType)) {
            return Optional.of("transformers " + known.version() + " has no class of this type to compare with");
        } else if (known.precedes(version)) {
            return Optional.of("written by transformers " + version + ", which is newer than " + known.version());
        }
        return ownCode && pointsToCode(config)
                ? Optional.of("the checkpoint brings its own code, which may read it")
                : Optional.empty();
    }

    /** Whether there is code for the model; code for its tokenizer changes no logits. */
    static boolean pointsToCode(ConfigFile config) {
        return config.keysIn(AUTO_MAP).stream()
                .anyMatch(key -> key.startsWith("AutoModel") || key.equals("AutoConfig"));
    }

    /** Whether users say that a key does not matter. */
    boolean ignores(String key) {
        idle.remove(key);
        return ignored.contains(key);
    }

    /** Looks at the keys of the whole file that nobody asked for. */
    void check(ConfigFile config, Set<String> harmless) {
        check(config, harmless, known.of(modelType));
    }

    /** Looks at the keys of a part of which a class reads only what is asked for. */
    void checkPart(ConfigFile part, Set<String> harmless) {
        check(part, harmless, Set.of());
    }

    private void check(ConfigFile config, Set<String> harmless, Set<String> read) {
        for (Map.Entry<String, JsonNode> other : config.others(harmless).entrySet()) {
            String key = other.getKey();
            String name = config.name(key);
            if (ignores(name)) {
                continue;
            }
            if (read.contains(key) || doubt.isPresent()) {
                throw config.wrong(key, "this option is not supported")
                        .found(other.getValue())
                        .expected(read.contains(key) ? "a key that Twofold knows" : doubt.orElse(""))
                        .hint("if it does not change what the model computes, --ignore-key " + name);
            }
            unread.add(name);
        }
    }

    /** @throws TwofoldException of kind USAGE if users ignore a key that is none of the unknown ones */
    public void requireUse() {
        idle.stream().findFirst().ifPresent(key -> {
            throw TwofoldException.usage("there is nothing to ignore")
                    .found("--ignore-key " + key)
                    .expected("a key of config.json that would be refused for being unknown")
                    .hint("leave it out");
        });
    }

    /** What nothing reads; and what was to be ignored and is not, where a manifest says so that an earlier Twofold wrote. */
    public List<String> notes() {
        return Stream.concat(
                        idle.stream()
                                .sorted()
                                .map(key ->
                                        "note: " + key + " of config.json was ignored when the manifest was written; it"
                                                + " is known now, and counts if it is there"),
                        unreadNote().stream())
                .toList();
    }

    private Optional<String> unreadNote() {
        if (unread.isEmpty()) {
            return Optional.empty();
        }
        String names = unread.stream()
                .limit(MOST_NAMED)
                .map(name -> name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "...")
                .collect(Collectors.joining(", "));
        return Optional.of("note: no class of transformers " + known.version() + " for " + modelType
                + " reads these keys of config.json, so they change nothing: " + names
                + (unread.size() > MOST_NAMED ? " and " + (unread.size() - MOST_NAMED) + " more" : ""));
    }
}
