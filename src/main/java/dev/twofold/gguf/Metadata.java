package dev.twofold.gguf;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.gguf.MetadataValue.Flag;
import dev.twofold.gguf.MetadataValue.Real;
import dev.twofold.gguf.MetadataValue.Text;
import dev.twofold.gguf.MetadataValue.Values;
import dev.twofold.gguf.MetadataValue.Whole;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Typed access to a file's metadata. It remembers which keys were asked for, so that one that nobody asked for, which may
 * change the mathematics, can be refused by name.
 */
public final class Metadata {

    private final Path file;
    private final Map<String, MetadataValue> values;
    private final Set<String> used = new HashSet<>();

    public Metadata(GgufHeader header) {
        this.file = header.file();
        this.values = header.metadata();
    }

    public Path file() {
        return file;
    }

    /** A value of any kind. */
    public Optional<MetadataValue> value(String key) {
        used.add(key);
        return Optional.ofNullable(values.get(key));
    }

    public Optional<String> text(String key) {
        return value(key).map(value -> {
            if (value instanceof Text text) {
                return text.value();
            }
            throw wrong(key, "not a text").found(value.describe());
        });
    }

    /** @throws TwofoldException of kind INPUT if it is absent */
    public String requireText(String key) {
        return text(key).orElseThrow(() -> missing(key));
    }

    public Optional<Long> whole(String key) {
        return value(key).map(value -> whole(key, value));
    }

    /** A token: a whole number below a size. */
    public Optional<Integer> token(String key, int vocabulary) {
        return whole(key).map(number -> {
            if (number < 0 || number >= vocabulary) {
                throw wrong(key, "not a token").found(number).expected("0 to " + (vocabulary - 1));
            }
            return Math.toIntExact(number);
        });
    }

    public boolean flag(String key, boolean otherwise) {
        return value(key)
                .map(value -> {
                    if (value instanceof Flag flag) {
                        return flag.value();
                    }
                    throw wrong(key, "neither true nor false").found(value.describe());
                })
                .orElse(otherwise);
    }

    public Optional<Double> number(String key) {
        return value(key).map(value -> number(key, value));
    }

    /** A list of texts; empty if the key is absent. */
    public List<String> texts(String key) {
        return list(key).stream()
                .map(value -> {
                    if (value instanceof Text text) {
                        return text.value();
                    }
                    throw wrong(key, "not a list of texts").found(value.describe());
                })
                .toList();
    }

    /** A list of whole numbers; empty if the key is absent. */
    public List<Long> wholes(String key) {
        return list(key).stream().map(value -> whole(key, value)).toList();
    }

    /** A list of numbers; empty if the key is absent. */
    public List<Double> numbers(String key) {
        return list(key).stream().map(value -> number(key, value)).toList();
    }

    private List<MetadataValue> list(String key) {
        return value(key)
                .map(value -> {
                    if (value instanceof Values list) {
                        return list.values();
                    }
                    throw wrong(key, "not a list").found(value.describe());
                })
                .orElse(List.of());
    }

    private long whole(String key, MetadataValue value) {
        if (value instanceof Whole whole) {
            return whole.value();
        }
        throw wrong(key, "not a whole number").found(value.describe());
    }

    private double number(String key, MetadataValue value) {
        if (value instanceof Real real) {
            return real.value();
        }
        return whole(key, value);
    }

    /**
     * Refuses every key that begins so, that was not asked for, and that says something: neither zero nor nothing.
     *
     * @param harmless keys, without that beginning, that may say what they like
     */
    public void refuseOthers(String beginning, Set<String> harmless) {
        values.forEach((key, value) -> {
            boolean other = key.startsWith(beginning)
                    && !used.contains(key)
                    && !harmless.contains(key.substring(beginning.length()));
            if (other && !isNothing(value)) {
                throw wrong(key, "this key is not supported")
                        .found(value.describe())
                        .hint("it may change what the model computes; ask for it in an issue");
            }
        });
    }

    private static boolean isNothing(MetadataValue value) {
        return value instanceof Whole whole && whole.value() == 0
                || value instanceof Real real && real.value() == 0
                || value instanceof Values list && list.values().isEmpty();
    }

    public TwofoldException missing(String key) {
        return wrong(key, "the key is missing").hint("get the model from a recent llama.cpp");
    }

    public TwofoldException wrong(String key, String what) {
        return TwofoldException.input(what).at(Origin.key(file, key));
    }
}
