package dev.twofold.passes.quantize;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Calibration;
import dev.twofold.pass.Facts;
import dev.twofold.pass.MemorySize;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rounds the matrices of a decoder to whole numbers of 4 or 8 bits in blocks along their inputs.
 *
 * <pre>
 * before       after
 *   W x + b      R x + b,   R[i, j] = (code[i, j] - zero[i, j / block]) * scale[i, j / block]
 * </pre>
 *
 * <p>What is rounded are the matrices as they then are, so folding and widening come before it. A tied embedding stays tied, and
 * has the head's blocks. Norms, biases, learned positions and the routers of experts keep their type. Does not apply in bf16,
 * which the operators of blocks do not compute in everywhere.
 */
public final class Quantize implements Pass {

    public static final PassSpec<Options> SPEC = new PassSpec<>(
            "quantize",
            "round weights to 4 or 8 bits in blocks",
            "- quantize: {bits: 4, block: 32, symmetric: true, rounding: gptq, mix: mixed, places: [{matrices: [o], bits: 8}]}",
            PassSpec.Effect.ROUNDING,
            Options.class,
            Set.of(),
            Set.of(Property.QUANTIZED),
            Set.of(),
            Quantize::new);

    private static final int DEFAULT_BLOCK = 32;
    private static final MemorySize DEFAULT_MEMORY = MemorySize.valueOf("2g");

    /**
     * @param bits 4 or 8
     * @param block elements of a block, 32 if not given
     * @param symmetric whether zero is in the middle of every block, which it is if not given
     * @param mix the name of a {@link Mix} that comes with Twofold
     * @param places more of them, which go before those of the mix
     * @param rounding to the nearest if not given
     * @param refit whether matrices are refitted to the stream that those before them made when they were rounded; only with a
     *     rounding by a text
     * @param tokens of the text to round by, 102,400 if not given
     * @param memory that its sums may take, 2g if not given
     * @param provider that the text ran on, which a conversion records so that it can be repeated
     * @param text SHA-256 of those tokens, likewise
     */
    public record Options(
            @Nullable Integer bits,
            @Nullable Integer block,
            @Nullable Boolean symmetric,
            @Nullable String mix,
            @Nullable List<Place> places,
            @Nullable Rounding rounding,
            @Nullable Boolean refit,
            @Nullable Integer tokens,
            @Nullable MemorySize memory,
            @Nullable String provider,
            @Nullable String text) {

        public Options {
            places = places == null ? null : List.copyOf(places);
        }

        /** To the nearest, with nothing more to say than which blocks. */
        public Options(
                @Nullable Integer bits,
                @Nullable Integer block,
                @Nullable Boolean symmetric,
                @Nullable String mix,
                @Nullable List<Place> places) {
            this(bits, block, symmetric, mix, places, null, null, null, null, null, null);
        }

        /** The same with other places. */
        public Options with(@Nullable List<Place> others) {
            return new Options(bits, block, symmetric, mix, others, rounding, refit, tokens, memory, provider, text);
        }

        /** How numbers are rounded. */
        public Rounding way() {
            return rounding == null ? Rounding.NEAREST : rounding;
        }

        /** The blocks of what no place holds, in a model of this type. */
        public IntegerBlocks blocks(Precision precision) {
            return new IntegerBlocks(
                    bits == null ? 0 : bits,
                    block == null ? DEFAULT_BLOCK : block,
                    symmetric == null || symmetric,
                    precision.dtype());
        }

        /** Whether a text decides how numbers are rounded. */
        public boolean byText() {
            return way() != Rounding.NEAREST;
        }

        /** The same blocks, rounded another way. */
        public Options with(
                @Nullable Rounding otherRounding,
                @Nullable Boolean otherRefit,
                @Nullable Integer otherTokens,
                @Nullable MemorySize otherMemory) {
            return new Options(
                    bits,
                    block,
                    symmetric,
                    mix,
                    places,
                    otherRounding,
                    otherRefit,
                    otherTokens,
                    otherMemory,
                    provider,
                    text);
        }

        /** The same blocks of numbers that are each rounded to the nearest, as they are before a text was read. */
        public Options nearest() {
            return new Options(bits, block, symmetric, mix, places);
        }

        /** The same, rounded by a text of this hash and length on a provider. */
        public Options fitted(String hash, int length, String runner) {
            return new Options(bits, block, symmetric, mix, places, rounding, refit, length, memory, runner, hash);
        }
    }

    private final Options options;

    public Quantize(Options options) {
        this.options = options;
    }

    @Override
    public Optional<NotApplicable> check(Facts facts) {
        if (options.bits() == null) {
            return Optional.of(new NotApplicable("it does not say to how many bits", "bits: 4"));
        }
        if (Boolean.TRUE.equals(options.refit()) && !options.byText()) {
            return Optional.of(new NotApplicable("what is rounded to the nearest is not refitted", "rounding: gptq"));
        }
        if (options.tokens() != null && options.tokens() < 1) {
            return Optional.of(new NotApplicable(
                    "it cannot round by " + options.tokens() + " tokens", "tokens: " + Compensate.DEFAULT_TOKENS));
        }
        String mix = options.mix();
        if (mix != null && !MixFile.names().contains(mix)) {
            return Optional.of(
                    new NotApplicable("there is no mix '" + mix + "'", NearestName.hint(mix, MixFile.names())));
        }
        try {
            rounding(Precision.FP32, facts.layers());
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(new NotApplicable(
                    String.valueOf(e.getMessage()), "bits: 4 or 8, block: one of " + IntegerBlocks.SIZES));
        }
    }

    private MatrixRounding rounding(Precision precision, int layers) {
        IntegerBlocks rest = options.blocks(precision);
        List<Place> places = new ArrayList<>();
        if (options.mix() != null) {
            places.addAll(MixFile.shipped(options.mix()).places());
        }
        if (options.places() != null) {
            places.addAll(options.places());
        }
        places.forEach(place -> place.over(rest));
        return new MatrixRounding(rest, places, layers);
    }

    @Override
    public Decoder run(Decoder decoder, PassContext context) {
        if (decoder.precision() == Precision.BF16) {
            throw TwofoldException.usage("weights in blocks are not multiplied in bf16 everywhere")
                    .found("bf16 around " + options.bits() + " bits")
                    .hint("fp32 for CPUs, fp16 for GPUs");
        }
        MatrixRounding rounding = rounding(decoder.precision(), decoder.facts().layers());
        if (options.byText()) {
            Calibration calibration =
                    context.calibration().orElseThrow(() -> new IllegalStateException("nothing to calibrate on"));
            try (CalibratedRounding calibrated = new CalibratedRounding(
                    decoder,
                    calibration,
                    rounding,
                    options.way(),
                    Boolean.TRUE.equals(options.refit()),
                    options.memory() == null ? DEFAULT_MEMORY : options.memory())) {
                return calibrated.round(context.progress());
            }
        }
        Decoder ends = new RoundedEnds(rounding).round(decoder, Rounder.NEAREST);
        return ends.withSteps(decoder.steps().stream()
                .map(step -> RoundedOperators.nearest(rounding, step))
                .toList());
    }
}
