package dev.twofold.parse;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
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

    private static final ObjectMapper TREES = new ObjectMapper(FACTORY);

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
     * The keys and values of a text.
     *
     * @param file what to call the text in messages
     * @throws TwofoldException of kind INPUT, with file and line, at what is not plain, no YAML, or no mapping
     */
    static ObjectNode tree(String file, String text) {
        try (JsonParser parser = parser(file, text)) {
            JsonNode tree = TREES.readTree(parser);
            if (tree == null || tree.isNull() || tree.isMissingNode()) {
                throw TwofoldException.input("the file says nothing").at(file).expected("keys and values");
            }
            if (parser.nextToken() != null) {
                throw TwofoldException.input("more than one YAML document")
                        .at(file)
                        .hint("remove what follows '---'");
            }
            if (tree instanceof ObjectNode mapping) {
                return mapping;
            }
            throw TwofoldException.input("the file is no mapping")
                    .at(file)
                    .found(tree.getNodeType())
                    .expected("keys and values");
        } catch (JsonProcessingException e) {
            throw invalid(file, e);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    /** What to say of a text that is no YAML. */
    public static TwofoldException invalid(String file, JsonProcessingException e) {
        int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
        return TwofoldException.input("not valid YAML")
                .at(Origin.line(file, line))
                .found(firstLine(e.getOriginalMessage()))
                .cause(e);
    }

    static String firstLine(@Nullable String text) {
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
