package dev.twofold.target.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.Companion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What ONNX Runtime GenAI reads otherwise in a tokenizer.json than the library that it is written for. */
final class GenAiTokenizer {

    static final String FILE = "tokenizer.json";

    /** The largest published ones have some 40 MB. */
    private static final long MAX_BYTES = 256L << 20;

    private GenAiTokenizer() {}

    /** A line for each difference; none where there is no such file. */
    static List<String> notes(List<Companion> originals) {
        return originals.stream()
                .filter(original -> original.name().equals(FILE) && original.bytes() <= MAX_BYTES)
                .findFirst()
                .map(file -> notes(read(file)))
                .orElse(List.of());
    }

    private static JsonNode read(Companion file) {
        try (InputStream content = file.content().open()) {
            return new ObjectMapper().readTree(content);
        } catch (IOException e) {
            throw TwofoldException.input("the tokenizer is no JSON")
                    .at(Origin.file(Path.of(FILE)))
                    .found(e)
                    .cause(e);
        }
    }

    private static List<String> notes(JsonNode tokenizer) {
        List<String> notes = new ArrayList<>();
        before(tokenizer.path("post_processor"))
                .ifPresent(token -> notes.add("note: ONNX Runtime GenAI does not put " + token
                        + " before a text, as this tokenizer does: write it at the" + " beginning of prompts there"));
        Set<String> decoders = new TreeSet<>();
        types(tokenizer.path("decoder"), "decoders", decoders);
        if (decoders.containsAll(Set.of("ByteFallback", "Replace"))) {
            notes.add(
                    "note: ONNX Runtime GenAI reads spaces wrongly with this tokenizer (ByteFallback and Replace): give"
                            + " it token ids made elsewhere");
        }
        return notes;
    }

    /** The token that a post-processor puts before the only text. */
    private static Optional<String> before(JsonNode processor) {
        for (JsonNode part : processor.path("processors")) {
            Optional<String> found = before(part);
            if (found.isPresent()) {
                return found;
            }
        }
        JsonNode first = processor.path("single").path(0).path("SpecialToken").path("id");
        return first.isTextual() ? Optional.of(first.asText()) : Optional.empty();
    }

    private static void types(JsonNode part, String list, Set<String> types) {
        types.add(part.path("type").asText());
        part.path(list).forEach(inner -> types(inner, list, types));
    }
}
