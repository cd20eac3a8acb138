package dev.twofold.gguf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.twofold.disk.TextFile;
import dev.twofold.parse.PlainYaml;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * How a text is cut before pairs of bytes are merged.
 *
 * @param cuts names of patterns, each applied to the pieces of the one before; {@code words} and {@code digits} are built in
 * @param normalForm of Unicode, which a text is brought to first; empty if none
 * @param wholeWordsFirst whether a piece that is a token is taken as it is, without merging
 * @param begins whether a text begins with the begin token if the file does not say
 * @param also other names of the same
 */
public record PreTokenizer(
        List<String> cuts, String normalForm, boolean wholeWordsFirst, boolean begins, List<String> also) {

    static final String WORDS = "words";
    static final String DIGITS = "digits";

    private static final Table SHIPPED = read();

    public PreTokenizer {
        cuts = List.copyOf(cuts);
        normalForm = normalForm == null ? "" : normalForm;
        also = also == null ? List.of() : List.copyOf(also);
    }

    private record Table(Map<String, String> patterns, Map<String, PreTokenizer> names) {}

    private static Table read() {
        try {
            return new ObjectMapper(PlainYaml.FACTORY)
                    .setPropertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .readValue(TextFile.shipped("/dev/twofold/gguf/pre-tokenizers.yaml"), Table.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("malformed resource pre-tokenizers.yaml", e);
        }
    }

    public static Optional<PreTokenizer> named(String name) {
        return SHIPPED.names().entrySet().stream()
                .filter(entry ->
                        entry.getKey().equals(name) || entry.getValue().also().contains(name))
                .findFirst()
                .map(Map.Entry::getValue);
    }

    /**
     * The name of what a tokenizer.json does with a text before it merges pairs of bytes, if it has one.
     *
     * @param normalizer of the document; missing or null if there is none
     * @param preTokenizer likewise
     */
    public static Optional<String> nameOf(JsonNode normalizer, JsonNode preTokenizer, boolean wholeWordsFirst) {
        return SHIPPED.names().entrySet().stream()
                .filter(entry -> entry.getValue().wholeWordsFirst() == wholeWordsFirst)
                .filter(entry -> PreTokenizerParts.same(entry.getValue().normalizer(), normalizer))
                .filter(entry -> PreTokenizerParts.same(entry.getValue().preTokenizer(), preTokenizer))
                .findFirst()
                .map(Map.Entry::getKey);
    }

    /** The {@code normalizer} of a tokenizer.json. */
    public JsonNode normalizer() {
        return normalForm.isEmpty() ? NullNode.getInstance() : PreTokenizerParts.part(normalForm);
    }

    /** The {@code pre_tokenizer} of a tokenizer.json. */
    public JsonNode preTokenizer() {
        return PreTokenizerParts.of(cuts);
    }

    /** Every name that there is, in order. */
    public static List<String> names() {
        TreeSet<String> names = new TreeSet<>(SHIPPED.names().keySet());
        SHIPPED.names().values().forEach(one -> names.addAll(one.also()));
        return List.copyOf(names);
    }

    /** The pattern of a cut that is not built in. */
    static String pattern(String cut) {
        String pattern = SHIPPED.patterns().get(cut);
        if (pattern == null) {
            throw new IllegalStateException("pre-tokenizers.yaml has no pattern " + cut);
        }
        return pattern;
    }
}
