package dev.twofold.recipe;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.parse.PlainYaml;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code steps: [- name: {option: value}]} from YAML, with the line of each step. */
public final class PipelineReader {

    private static final String EXAMPLE =
            "write, for example, 'steps: [{pair-layers: {window: 4:12}}, fold-norms," + " widen]'";

    static final int MAX_STEPS = 1_000;

    private static final ObjectMapper MAPPER = new ObjectMapper(PlainYaml.FACTORY);

    private final String file;
    private final JsonParser parser;

    private PipelineReader(String file, JsonParser parser) {
        this.file = file;
        this.parser = parser;
    }

    /**
     * @param file what to call the text in messages
     * @throws TwofoldException of kind INPUT that names file and line
     */
    public static Recipe parse(String file, String text) {
        try (JsonParser parser = PlainYaml.parser(file, text)) {
            return new PipelineReader(file, parser).parse();
        } catch (JsonProcessingException e) {
            throw PlainYaml.invalid(file, e);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    private Recipe parse() throws IOException {
        expect(parser.nextToken(), JsonToken.START_OBJECT, "a pipeline is a mapping with the key 'steps'");
        List<PassRequest<?>> requests = new ArrayList<>();
        boolean found = false;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            if (!key.equals("steps")) {
                throw malformed("unknown key '" + key + "'").expected("steps");
            }
            found = true;
            expect(parser.nextToken(), JsonToken.START_ARRAY, "'steps' is a list of passes");
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (requests.size() == MAX_STEPS) {
                    throw malformed("a pipeline has at most " + MAX_STEPS + " steps")
                            .hint("leave steps out: a layer needs a few at most");
                }
                requests.add(step());
            }
        }
        if (parser.nextToken() != null) {
            throw malformed("a pipeline is one YAML document").hint("remove what follows '---'");
        }
        if (!found) {
            throw malformed("the key 'steps' is missing").hint(EXAMPLE);
        }
        return new Recipe(requests);
    }

    private PassRequest<?> step() throws IOException {
        String origin = Origin.line(file, line()).describe();
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            return request(parser.getText(), MAPPER.createObjectNode(), origin);
        }
        expect(parser.currentToken(), JsonToken.START_OBJECT, "a step is the name of a pass, or name: {option: value}");
        expect(parser.nextToken(), JsonToken.FIELD_NAME, "a step names a pass");
        String name = parser.currentName();
        parser.nextToken();
        JsonNode options = MAPPER.readTree(parser);
        expect(parser.nextToken(), JsonToken.END_OBJECT, "a step names one pass; begin the next with '- '");
        if (options instanceof ObjectNode object) {
            return request(name, object, origin);
        } else if (options == null || options.isNull()) {
            return request(name, MAPPER.createObjectNode(), origin);
        }
        throw TwofoldException.input("the options of " + name + " should be a mapping")
                .at(origin)
                .found(options)
                .hint(EXAMPLE);
    }

    private static PassRequest<?> request(String name, ObjectNode options, String origin) {
        return PassOptions.request(name, options, origin, TwofoldException.Kind.INPUT);
    }

    private void expect(JsonToken actual, JsonToken expected, String otherwise) {
        if (actual != expected) {
            throw malformed(otherwise).hint(EXAMPLE);
        }
    }

    private int line() {
        return Math.max(1, parser.currentTokenLocation().getLineNr());
    }

    private TwofoldException malformed(String what) {
        return TwofoldException.input(what).at(Origin.line(file, line()));
    }
}
