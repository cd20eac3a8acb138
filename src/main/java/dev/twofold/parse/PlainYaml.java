package dev.twofold.parse;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * YAML that says what it says: no anchors and aliases, with which a few lines unfold to any size, no tags, with which a
 * text asks for a type of its own, no key twice, and no depth that nobody writes by hand. Strangers write pipelines,
 * families and profiles of hardware.
 */
public final class PlainYaml extends JsonParserDelegate {

    private static final int MAX_DEPTH = 16;

    /** Reads plain YAML wherever a mapper reads. */
    public static final YAMLFactory FACTORY = YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();

    private final String file;
    private final YAMLParser yaml;

    private PlainYaml(String file, YAMLParser yaml) {
        super(yaml);
        this.file = file;
        this.yaml = yaml;
    }

    /**
     * A parser that throws {@link TwofoldException} of kind INPUT, with file and line, at what is not plain.
     *
     * @param file what to call the text in messages
     */
    public static JsonParser parser(String file, String text) throws IOException {
        return new PlainYaml(file, FACTORY.createParser(text));
    }

    /**
     * Binds a text to a type.
     *
     * @throws TwofoldException of kind INPUT at what is not plain, and at a key that a record does not have
     * @throws JsonProcessingException at what is no YAML, or not of the type
     */
    public static <T> T read(ObjectMapper mapper, String file, String text, Class<T> type)
            throws JsonProcessingException {
        try (JsonParser parser = parser(file, text)) {
            T value = mapper.readValue(parser, type);
            if (value == null) {
                throw TwofoldException.input("the file says nothing").at(file).expected("keys and values");
            }
            return value;
        } catch (JsonMappingException e) {
            // A mapper wraps what its parser throws, once for each level.
            Throwable cause = e;
            while (cause != null && !(cause instanceof TwofoldException)) {
                cause = cause.getCause();
            }
            if (cause instanceof TwofoldException refusal) {
                throw refusal;
            }
            requireKnownKeys(mapper, file, text, type);
            throw e;
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    private static void requireKnownKeys(ObjectMapper mapper, String file, String text, Class<?> type) {
        JsonNode tree;
        try {
            tree = mapper.readTree(text);
        } catch (JsonProcessingException e) {
            // Then it is not the keys.
            return;
        }
        UnknownKeys.first(tree, type).ifPresent(unknown -> {
            Pattern place = Pattern.compile("(^|[\\s{,])['\"]?" + Pattern.quote(unknown.key()) + "['\"]?\\s*:");
            long before =
                    text.lines().takeWhile(line -> !place.matcher(line).find()).count();
            throw TwofoldException.input("unknown key '" + unknown.key() + "'")
                    .at(Origin.line(file, Math.toIntExact(before + 1)))
                    .hint(unknown.hint());
        });
    }

    /** What to say of a text that is no YAML. */
    public static TwofoldException invalid(String file, JsonProcessingException e) {
        int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
        return TwofoldException.input("not valid YAML")
                .at(Origin.line(file, line))
                .found(firstLine(e.getOriginalMessage()))
                .cause(e);
    }

    /** Why a text does not bind, without the words that Jackson has for its callers. */
    public static String reason(JsonMappingException e) {
        String message = firstLine(e.getOriginalMessage());
        if (e.getCause() instanceof IllegalArgumentException refusal) {
            return firstLine(refusal.getMessage());
        } else if (message.startsWith("Missing creator property")) {
            return message.replaceFirst("Missing creator property '([^']*)'.*", "the key $1 is missing or misspelt");
        } else if (message.startsWith("Trailing token")) {
            return "more than one YAML document";
        }
        Class<?> wanted = e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        if (wanted == null) {
            return "a value that means nothing here";
        } else if (wanted.isEnum()) {
            String value = e instanceof InvalidFormatException invalid ? "'" + invalid.getValue() + "', " : "a value ";
            return value + "which is none of " + Arrays.toString(wanted.getEnumConstants());
        }
        return "a value of another kind than " + kind(wanted);
    }

    private static String kind(Class<?> type) {
        if (Collection.class.isAssignableFrom(type)) {
            return "a list";
        } else if (type == String.class) {
            return "a text";
        }
        return type.isPrimitive() || Number.class.isAssignableFrom(type) ? "a number" : "a mapping of keys to values";
    }

    private static String firstLine(@Nullable String text) {
        return String.valueOf(text).lines().findFirst().orElse("");
    }

    @Override
    public @Nullable JsonToken nextToken() throws IOException {
        JsonToken token = super.nextToken();
        if (yaml.isCurrentAlias() || yaml.getObjectId() != null) {
            throw refused("anchors and aliases are not read").hint("write the value out");
        }
        if (yaml.getTypeId() != null) {
            throw refused("tags are not read").found(yaml.getTypeId()).hint("write the value without it");
        }
        return token;
    }

    @Override
    public JsonParser skipChildren() throws IOException {
        throw new UnsupportedOperationException("would skip what has to be refused");
    }

    private TwofoldException refused(String what) {
        int line = Math.max(1, yaml.currentTokenLocation().getLineNr());
        return TwofoldException.input(what).at(Origin.line(file, line));
    }
}
