package dev.twofold.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.parse.JsonFailure;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Reads through a tokenizer.json without keeping it: whether it is JSON of a depth that a native library can take, and
 * whether every token of its vocabulary is one of the model's. Added tokens may be beyond it, as those that were added
 * for training and never come from a text; {@link TokenizerFile#encode} refuses one that does.
 */
public final class TokenizerCheck {

    private static final int MAX_DEPTH = 64;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();

    private final Path file;
    private final JsonParser parser;
    private final int vocabulary;

    private final Set<String> wanted;
    private final Map<String, Integer> ids = new HashMap<>();
    private TokenizerTemplate template = TokenizerTemplate.NONE;

    private TokenizerCheck(Path file, JsonParser parser, int vocabulary, Set<String> wanted) {
        this.file = file;
        this.parser = parser;
        this.vocabulary = vocabulary;
        this.wanted = wanted;
    }

    /**
     * What was found on the way.
     *
     * @param template what it puts around a text
     * @param ids of the tokens that were wanted, as far as it has them
     */
    public record Found(TokenizerTemplate template, Map<String, Integer> ids) {

        /** Of a model without a tokenizer. */
        public static final Found NOTHING = new Found(TokenizerTemplate.NONE, Map.of());

        public Found {
            ids = Map.copyOf(ids);
        }
    }

    /**
     * @param vocabulary size of the model's vocabulary
     * @throws TwofoldException of kind INPUT that names the key and what is wrong with it
     */
    public static void check(Path file, int vocabulary) {
        check(file, vocabulary, Set.of());
    }

    /**
     * @param vocabulary size of the model's vocabulary
     * @param wanted tokens to look for
     * @throws TwofoldException of kind INPUT that names the key and what is wrong with it
     */
    public static Found check(Path file, int vocabulary, Set<String> wanted) {
        SourceFile.require(file);
        try (Reader text = new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder());
                JsonParser parser = FACTORY.createParser(text)) {
            TokenizerCheck check = new TokenizerCheck(file, parser, vocabulary, wanted);
            check.check();
            return new Found(check.template, check.ids);
        } catch (IOException e) {
            throw JsonFailure.of(file, e);
        }
    }

    private void check() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw TwofoldException.input("not a JSON object")
                    .at(Origin.file(file))
                    .hint("download it again");
        }
        boolean found = false;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case "model" -> {
                    found = true;
                    checkModel();
                }
                case "post_processor" -> template = TokenizerTemplate.read(parser);
                case "added_tokens" -> readAddedTokens();
                default -> parser.skipChildren();
            }
        }
        if (parser.nextToken() != null) {
            throw wrong("", "there is something after the JSON object");
        }
        if (!found) {
            throw wrong("model", "the key is missing");
        }
    }

    private void checkModel() throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw wrong("model", "not an object");
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            boolean tokens = parser.currentName().equals("vocab");
            JsonToken value = parser.nextToken();
            if (tokens && value == JsonToken.START_OBJECT) {
                checkIds();
            } else if (tokens && value == JsonToken.START_ARRAY) {
                checkPieces();
            } else {
                parser.skipChildren();
            }
        }
    }

    /** {@code [{"id": 2, "content": "</s>", ...}]}; whatever else may be there is the library's affair. */
    private void readAddedTokens() throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            parser.skipChildren();
            return;
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == JsonToken.START_OBJECT) {
                readAddedToken();
            } else {
                parser.skipChildren();
            }
        }
    }

    private void readAddedToken() throws IOException {
        long id = -1;
        String content = "";
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("id") && value == JsonToken.VALUE_NUMBER_INT) {
                id = parser.getValueAsLong(-1);
            } else if (key.equals("content") && value == JsonToken.VALUE_STRING) {
                content = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
        note(content, id);
    }

    private void note(String token, long id) {
        if (id >= 0 && id < vocabulary && wanted.contains(token)) {
            ids.put(token, (int) id);
        }
    }

    /** A vocabulary of tokens with their ids. */
    private void checkIds() throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String token = parser.currentName();
            boolean whole = parser.nextToken() == JsonToken.VALUE_NUMBER_INT;
            boolean fits = whole && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!fits || parser.getLongValue() < 0) {
                throw wrong("model.vocab", "a token should have a whole number from 0 on")
                        .found(parser.getText() + " for '" + token + "'");
            }
            requireInVocabulary(parser.getLongValue(), token);
            note(token, parser.getLongValue());
        }
    }

    /** A vocabulary of pieces with their scores, whose ids are their places. */
    private void checkPieces() throws IOException {
        for (long id = 0; parser.nextToken() != JsonToken.END_ARRAY; id++) {
            parser.skipChildren();
            requireInVocabulary(id, "piece " + id);
        }
    }

    private void requireInVocabulary(long id, String token) {
        if (id >= vocabulary) {
            throw wrong("model.vocab", "the tokenizer makes tokens that the model does not have")
                    .found("token " + id + ", '" + token + "'")
                    .expected("0 to " + (vocabulary - 1));
        }
    }

    private TwofoldException wrong(String key, String what) {
        return TwofoldException.input(what)
                .at(key.isEmpty() ? Origin.file(file) : Origin.key(file, key))
                .hint("download it again: it may be broken, or belong to another model");
    }
}
