package dev.twofold.passes.quantize;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Embedding;
import dev.twofold.decoder.Linear;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.NotApplicable;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.pass.Property;
import dev.twofold.tensor.IntegerBlocks;
import dev.twofold.tensor.Precision;
import dev.twofold.weight.Weight;
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
            "- quantize: {bits: 4, block: 32, symmetric: true, mix: mixed, places: [{matrices: [o], layers: {windows: ['0:4']}, bits: 8}]}",
            PassSpec.Effect.ROUNDING,
            Options.class,
            Set.of(),
            Set.of(Property.QUANTIZED),
            Set.of(),
            Quantize::new);

    private static final int DEFAULT_BLOCK = 32;

    /**
     * @param bits 4 or 8
     * @param block elements of a block, 32 if not given
     * @param symmetric whether zero is in the middle of every block, which it is if not given
     * @param mix the name of a {@link Mix} that comes with Twofold
     * @param places more of them, which go before those of the mix
     */
    public record Options(
            @Nullable Integer bits,
            @Nullable Integer block,
            @Nullable Boolean symmetric,
            @Nullable String mix,
            @Nullable List<Place> places) {

        public Options {
            places = places == null ? null : List.copyOf(places);
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
        IntegerBlocks rest = new IntegerBlocks(
                options.bits() == null ? 0 : options.bits(),
                options.block() == null ? DEFAULT_BLOCK : options.block(),
                options.symmetric() == null || options.symmetric(),
                precision.dtype());
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
        Weight head = rounding.round(MatrixName.HEAD, List.of(), decoder.head().weight());
        Weight table = decoder.tied()
                ? head
                : rounding.round(
                        MatrixName.EMBEDDING, List.of(), decoder.embedding().table());
        return decoder.withSteps(decoder.steps().stream()
                        .map(step -> RoundedOperators.round(rounding, step))
                        .toList())
                .withEnds(
                        new Embedding(
                                table,
                                decoder.embedding().scale(),
                                decoder.embedding().positions()),
                        new Linear(head, decoder.head().bias()));
    }
}
