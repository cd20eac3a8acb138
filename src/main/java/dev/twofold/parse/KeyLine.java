package dev.twofold.parse;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;

/** Where a key is in a YAML text that has been read before. */
final class KeyLine {

    private KeyLine() {}

    /**
     * The line, from 1, of the last key of a path that the text has; nothing if it has none of them.
     *
     * @param path from the outermost key on; a number for a place in a list, from 0
     */
    static OptionalInt of(String text, List<String> path) {
        try (JsonParser parser = PlainYaml.FACTORY.createParser(text)) {
            parser.nextToken();
            return below(parser, path, OptionalInt.empty());
        } catch (IOException e) {
            throw new IllegalStateException("a text that has been read before", e);
        }
    }

    /** @param line of the key whose value the parser is at */
    private static OptionalInt below(JsonParser parser, List<String> path, OptionalInt line) throws IOException {
        boolean list = parser.currentToken() == JsonToken.START_ARRAY;
        if (path.isEmpty() || !(list || parser.currentToken() == JsonToken.START_OBJECT)) {
            return line;
        }
        for (int place = 0; !parser.nextToken().isStructEnd(); place++) {
            String key = list ? String.valueOf(place) : parser.currentName();
            int here = parser.currentTokenLocation().getLineNr();
            if (!list) {
                parser.nextToken();
            }
            if (key.equals(path.get(0))) {
                return below(parser, path.subList(1, path.size()), OptionalInt.of(here));
            }
            parser.skipChildren();
        }
        return line;
    }
}
