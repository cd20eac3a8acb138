package dev.twofold.target.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.gguf.HeaderWriter;
import dev.twofold.gguf.PreTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * A tokenizer.json as one of the two kinds of tokenizers that llama.cpp has for such models: pairs of bytes, as in GPT-2, or
 * SentencePiece's pieces with scores.
 *
 * @param rows of the embedding
 */
record TokenizerModel(JsonNode document, TokenList tokens, int rows) {

    private static final String SPACE = "\u2581";

    static TokenizerModel of(JsonNode document, int rows) {
        return new TokenizerModel(document, TokenList.of(document), rows);
    }

    private JsonNode model() {
        return document.path("model");
    }

    private boolean isPieces() {
        return model().path("byte_fallback").asBoolean(false);
    }

    /** Why llama.cpp has no such tokenizer, if it has none. */
    Optional<String> refusal() {
        String type = model().path("type").asText("of no type");
        if (!type.equals("BPE")) {
            return Optional.of("its model is " + type);
        } else if (tokens.size() > rows) {
            return Optional.of("it has " + tokens.size() + " tokens, and the embedding " + rows + " rows");
        } else if (isPieces()) {
            return spaces().isEmpty()
                    ? Optional.of("it changes texts before it cuts them, other than in their spaces")
                    : PieceScores.of(tokens, merges()).isEmpty()
                            ? Optional.of("its merges follow no order of pieces")
                            : Optional.empty();
        }
        return name().isEmpty() ? Optional.of("it cuts texts in a way of its own") : Optional.empty();
    }

    void write(HeaderWriter header, String prefix) {
        header.text(prefix + "model", isPieces() ? "llama" : "gpt2");
        header.text(prefix + "pre", isPieces() ? "default" : name().orElseThrow());
        header.texts(prefix + "tokens", tokens.padded(rows));
        if (isPieces()) {
            header.reals(
                    prefix + "scores",
                    PieceScores.of(tokens, merges()).orElseThrow().padded(rows));
        }
        header.wholes(prefix + "token_type", tokens.types(rows, isPieces()));
        if (isPieces()) {
            header.flag(prefix + "add_space_prefix", spaces().orElseThrow());
        } else {
            header.texts(
                    prefix + "merges",
                    merges().stream()
                            .map(merge -> merge.left() + " " + merge.right())
                            .toList());
        }
    }

    /** The id of a token's text. */
    Optional<Integer> id(String text) {
        return tokens.id(text);
    }

    private Optional<String> name() {
        boolean whole = model().path("ignore_merges").asBoolean(false);
        return PreTokenizer.nameOf(document.path("normalizer"), document.path("pre_tokenizer"), whole);
    }

    /** A pair of tokens that become one. */
    record Merge(String left, String right) {}

    /** The first is made first. */
    private List<Merge> merges() {
        List<Merge> merges = new ArrayList<>();
        for (JsonNode merge : model().path("merges")) {
            if (merge.isArray()) {
                merges.add(new Merge(merge.path(0).asText(), merge.path(1).asText()));
            } else {
                String text = merge.asText();
                int space = text.indexOf(' ', 1);
                merges.add(new Merge(text.substring(0, space), text.substring(space + 1)));
            }
        }
        return merges;
    }

    /** Whether a text gets a space before it, if spaces are all that is changed in it. */
    private Optional<Boolean> spaces() {
        boolean before = false;
        for (JsonNode step : steps(document.path("normalizer"))) {
            switch (step.path("type").asText()) {
                case "Prepend" -> before = true;
                case "Replace" -> {
                    boolean marks = step.at("/pattern/String").asText().equals(" ")
                            && step.path("content").asText().equals(SPACE);
                    if (!marks) {
                        return Optional.empty();
                    }
                }
                default -> {
                    return Optional.empty();
                }
            }
        }
        for (JsonNode step : steps(document.path("pre_tokenizer"))) {
            switch (step.path("type").asText()) {
                case "Metaspace" ->
                    before |= !step.path("prepend_scheme").asText("always").equals("never");
                // No spaces are left to split at.
                case "Split" -> {
                    if (!step.at("/pattern/String").asText().equals(" ")) {
                        return Optional.empty();
                    }
                }
                default -> {
                    return Optional.empty();
                }
            }
        }
        return Optional.of(before);
    }

    private static List<JsonNode> steps(JsonNode part) {
        if (part.isMissingNode() || part.isNull()) {
            return List.of();
        }
        for (String sequence : List.of("pretokenizers", "normalizers", "processors")) {
            if (part.path(sequence).isArray()) {
                return StreamSupport.stream(part.path(sequence).spliterator(), false)
                        .flatMap(step -> steps(step).stream())
                        .toList();
            }
        }
        return List.of(part);
    }

    /** Whether every text gets one of these tokens before it. */
    boolean adds(List<Integer> begins) {
        return isAdded(begins, true);
    }

    /** Whether every text gets one of these tokens after it. */
    boolean addsAfter(List<Integer> ends) {
        return isAdded(ends, false);
    }

    private boolean isAdded(List<Integer> ids, boolean before) {
        return steps(document.path("post_processor")).stream()
                .map(step -> step.path("single"))
                .filter(single -> single.size() > 1)
                .map(single -> single.path(before ? 0 : single.size() - 1))
                .map(item -> item.at("/SpecialToken/id").asText())
                .anyMatch(text -> id(text).filter(ids::contains).isPresent());
    }
}
