package dev.twofold.source.gguf;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.source.gguf.Vocabulary.Kind;
import dev.twofold.source.gguf.Vocabulary.Role;
import dev.twofold.source.gguf.Vocabulary.Token;
import dev.twofold.source.gguf.Vocabulary.TokenKind;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** Writes a vocabulary as the tokenizer.json of the Hugging Face tokenizers library, which makes the same tokens of a text. */
final class TokenizerDocument {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Vocabulary vocabulary;
    private final JsonGenerator json;

    private TokenizerDocument(Vocabulary vocabulary, JsonGenerator json) {
        this.vocabulary = vocabulary;
        this.json = json;
    }

    static void write(Vocabulary vocabulary, OutputStream out) throws IOException {
        try (JsonGenerator json = MAPPER.createGenerator(out)) {
            new TokenizerDocument(vocabulary, json).write();
        }
    }

    private void write() throws IOException {
        TokenizerParts parts = new TokenizerParts(vocabulary);
        json.writeStartObject();
        json.writeStringField("version", "1.0");
        json.writeNullField("truncation");
        json.writeNullField("padding");
        addedTokens();
        json.writeObjectField("normalizer", parts.normalizer());
        json.writeObjectField("pre_tokenizer", parts.preTokenizer());
        json.writeObjectField("post_processor", parts.postProcessor());
        json.writeObjectField("decoder", parts.decoder());
        model();
        json.writeEndObject();
    }

    private void addedTokens() throws IOException {
        json.writeArrayFieldStart("added_tokens");
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            if (vocabulary.isAdded(id)) {
                Token token = vocabulary.tokens().get(id);
                json.writeStartObject();
                json.writeNumberField("id", id);
                json.writeStringField("content", token.text());
                for (String no : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                    json.writeBooleanField(no, false);
                }
                json.writeBooleanField("special", token.kind() != TokenKind.USER_DEFINED);
                json.writeEndObject();
            }
        }
        json.writeEndArray();
    }

    private void model() throws IOException {
        boolean pieces = vocabulary.kind() == Kind.LLAMA;
        json.writeObjectFieldStart("model");
        json.writeStringField("type", "BPE");
        json.writeNullField("dropout");
        json.writeObjectField(
                "unk_token", pieces ? vocabulary.text(Role.UNKNOWN).orElse(null) : null);
        json.writeNullField("continuing_subword_prefix");
        json.writeNullField("end_of_word_suffix");
        json.writeBooleanField("fuse_unk", pieces);
        json.writeBooleanField("byte_fallback", pieces);
        json.writeBooleanField("ignore_merges", vocabulary.preTokenizer().wholeWordsFirst());
        json.writeObjectFieldStart("vocab");
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            Token token = vocabulary.tokens().get(id);
            if (token.kind() != TokenKind.UNUSED) {
                json.writeNumberField(token.text(), id);
            }
        }
        json.writeEndObject();
        merges(pieces);
        json.writeEndObject();
    }

    private void merges(boolean pieces) throws IOException {
        json.writeArrayFieldStart("merges");
        for (String merge : vocabulary.merges()) {
            json.writeString(merge);
        }
        if (pieces) {
            for (PieceMerges.Merge merge : PieceMerges.of(vocabulary)) {
                json.writeString(merge.left() + " " + merge.right());
            }
        }
        json.writeEndArray();
    }
}
