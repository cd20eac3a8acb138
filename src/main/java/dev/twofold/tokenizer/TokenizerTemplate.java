package dev.twofold.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/**
 * What a tokenizer.json puts around a text, as its {@code post_processor} says.
 *
 * @param before whether there is a special token before it
 * @param after whether there is one after it
 */
public record TokenizerTemplate(boolean before, boolean after) {

    static final TokenizerTemplate NONE = new TokenizerTemplate(false, false);

    private TokenizerTemplate or(TokenizerTemplate other) {
        return new TokenizerTemplate(before || other.before, after || other.after);
    }

    /** Reads one, whose first token the parser is at. */
    static TokenizerTemplate read(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return NONE;
        }
        TokenizerTemplate found = NONE;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("single") && value == JsonToken.START_ARRAY) {
                found = found.or(single(parser));
            } else if (key.equals("processors") && value == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    found = found.or(read(parser));
                }
            } else if (key.equals("cls") || key.equals("sep")) {
                found = found.or(new TokenizerTemplate(key.equals("cls"), key.equals("sep")));
                parser.skipChildren();
            } else {
                parser.skipChildren();
            }
        }
        return found;
    }

    /** {@code [{"SpecialToken": ...}, {"Sequence": ...}]}. */
    private static TokenizerTemplate single(JsonParser parser) throws IOException {
        boolean before = false;
        boolean after = false;
        boolean text = false;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                parser.skipChildren();
                continue;
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                boolean special = parser.currentName().equals("SpecialToken");
                text |= parser.currentName().equals("Sequence");
                before |= special && !text;
                after |= special && text;
                parser.nextToken();
                parser.skipChildren();
            }
        }
        return new TokenizerTemplate(before, after);
    }
}
