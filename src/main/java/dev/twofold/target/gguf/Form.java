package dev.twofold.target.gguf;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Rotary;
import dev.twofold.decoder.Rotary.LongRopeScaling;
import dev.twofold.family.Family;
import dev.twofold.gguf.Architecture;
import dev.twofold.gguf.Architectures;
import dev.twofold.pass.NotApplicable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A decoder as llama.cpp would have it: under the architecture that it was published in, or, where layers run side by side,
 * as {@code deci}, whose blocks may differ in their heads and widths.
 *
 * @param name of the architecture
 * @param architecture what its files call what
 * @param family the names and layouts of its tensors
 * @param uneven whether sizes are said block by block
 */
record Form(
        Decoder decoder, List<Block> blocks, String name, Architecture architecture, Family family, boolean uneven) {

    private static final String DECI = "deci";

    /** What names of tensors, norms and orders of rows deci has. */
    private static final String LIKE_DECI = "llama";

    /** Families that are no architecture of their own. */
    private static final Map<String, String> ALIASES = Map.of("mistral", "llama");

    /** Why there is no form for a decoder, if there is none. */
    static Optional<NotApplicable> refusal(Decoder decoder) {
        boolean parallel = decoder.facts().stepsPerLayer() == 1;
        Optional<NotApplicable> steps = Block.refusal(decoder.steps(), parallel);
        if (steps.isPresent() || decoder.steps().isEmpty()) {
            return steps.or(() -> Optional.of(new NotApplicable("it has no layers", Holding.ONNX)));
        }
        List<Block> blocks = Block.of(decoder.steps(), parallel);
        if (isWidened(blocks)) {
            return new Holding(decoder, blocks).refusal();
        }
        return own(decoder)
                .map(entry -> new OwnForm(form(decoder, blocks, entry)).refusal())
                .orElseGet(() -> Optional.of(new NotApplicable(
                        "the family " + decoder.facts().modelType() + " is not written as GGUF", Holding.ONNX)));
    }

    /** The form of a decoder that is not refused. */
    static Form of(Decoder decoder) {
        List<Block> blocks = Block.of(decoder.steps(), decoder.facts().stepsPerLayer() == 1);
        if (isWidened(blocks)) {
            Architecture like = Architectures.file(LIKE_DECI);
            return new Form(Folding.fold(decoder), Folding.fold(blocks), DECI, like, like.described(), true);
        }
        return form(decoder, blocks, own(decoder).orElseThrow());
    }

    private static boolean isWidened(List<Block> blocks) {
        return blocks.stream().anyMatch(block -> block.heads().members().size() > 1);
    }

    private static Form form(Decoder decoder, List<Block> blocks, Map.Entry<String, Architecture> own) {
        Architecture architecture = own.getValue();
        return new Form(decoder, blocks, own.getKey(), architecture, architecture.described(), false);
    }

    /** The architecture of a family, and the name that files have it under. */
    private static Optional<Map.Entry<String, Architecture>> own(Decoder decoder) {
        String type = decoder.facts().modelType();
        return Architectures.byName().entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(one -> Map.entry(entry.getKey(), one)))
                .filter(entry -> entry.getValue().modelType().equals(ALIASES.getOrDefault(type, type)))
                .findFirst();
    }

    /** Whether files of the architecture have a key, which is given without the architecture's name. */
    boolean says(String key) {
        return architecture.config().values().stream()
                .anyMatch(value ->
                        Stream.of(value.from(), value.also(), value.times()).anyMatch(key::equals));
    }

    Attention first() {
        return blocks.get(0).heads();
    }

    /** Positions up to which llama.cpp computes what the decoder does: it sees past windows that it is not told of. */
    int context() {
        int whole = wholeContext();
        return says(ModelKeys.WINDOW) ? whole : Math.min(whole, window().orElse(whole));
    }

    /** Positions of the ranges that the file has, whatever windows there are. */
    int wholeContext() {
        return longRange().isPresent()
                ? decoder.facts().statedContext()
                : decoder.facts().contextLength();
    }

    /** LongRoPE with both of its ranges, of which llama.cpp chooses by the context that it is run with. */
    Optional<LongRopeScaling> longRange() {
        return decoder.rotaries().stream()
                .filter(Rotary::hasBothRanges)
                .map(Rotary::scaling)
                .map(LongRopeScaling.class::cast)
                .findFirst();
    }

    /** The narrowest window of any block. */
    Optional<Integer> window() {
        return blocks.stream()
                .flatMap(block -> block.heads().rule().slidingWindow().stream())
                .min(Integer::compare);
    }
}
