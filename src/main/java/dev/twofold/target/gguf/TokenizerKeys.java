package dev.twofold.target.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.decoder.ModelFacts;
import dev.twofold.gguf.HeaderWriter;
import dev.twofold.pass.NotApplicable;
import dev.twofold.source.Companion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The keys of a file's metadata that say how texts become tokens, made of a model's tokenizer files. */
record TokenizerKeys(ModelFacts facts, TokenizerFiles files) {

    private static final String PREFIX = "tokenizer.ggml.";

    /** Keys of tokens with a part of their own, by what tokenizer_config.json calls them. */
    private static final Map<String, String> NAMED =
            new TreeMap<>(Map.of("unk_token", "unknown_token_id", "pad_token", "padding_token_id"));

    /** Ids at which generation stops, in the order in which models name them. */
    private static final List<String> ENDS = List.of("eos_token_id", "eot_token_id", "eom_token_id");

    static TokenizerKeys of(List<Companion> originals, ModelFacts facts) {
        return new TokenizerKeys(facts, TokenizerFiles.read(originals));
    }

    /** Why llama.cpp could not make the same tokens, if it could not. */
    static Optional<NotApplicable> refusal(List<Companion> originals, ModelFacts facts) {
        TokenizerKeys keys = of(originals, facts);
        return keys.files()
                .tokenizer()
                .flatMap(document ->
                        TokenizerModel.of(document, facts.vocabularySize()).refusal())
                .map(reason ->
                        new NotApplicable("of its tokenizer: " + reason + ", which llama.cpp has not", Holding.ONNX));
    }

    void write(HeaderWriter header) {
        Optional<JsonNode> document = files.tokenizer();
        if (document.isEmpty()) {
            header.text(PREFIX + "model", "none");
            return;
        }
        TokenizerModel model = TokenizerModel.of(document.get(), facts.vocabularySize());
        model.write(header, PREFIX);
        if (!facts.beginTokens().isEmpty()) {
            header.whole(PREFIX + "bos_token_id", facts.beginTokens().get(0));
        }
        for (int i = 0; i < Math.min(ENDS.size(), facts.endTokens().size()); i++) {
            header.whole(PREFIX + ENDS.get(i), facts.endTokens().get(i));
        }
        NAMED.forEach(
                (name, key) -> files.special(name).flatMap(model::id).ifPresent(id -> header.whole(PREFIX + key, id)));
        boolean begins = model.adds(facts.beginTokens());
        header.flag(PREFIX + "add_bos_token", begins);
        header.flag(PREFIX + "add_eos_token", model.addsAfter(facts.endTokens()));
        files.chatTemplate().ifPresent(template -> header.text("tokenizer.chat_template", template));
    }
}
