package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.TextFile;
import dev.twofold.measure.LossLimit;
import dev.twofold.pass.MemorySize;
import dev.twofold.pass.PassSpec.NoOptions;
import dev.twofold.passes.quantize.Balance;
import dev.twofold.passes.quantize.ChooseBits;
import dev.twofold.passes.quantize.MixFile;
import dev.twofold.passes.quantize.Place;
import dev.twofold.passes.quantize.Quantize;
import dev.twofold.passes.quantize.Rounding;
import dev.twofold.passes.rewrite.CastWeights;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.ShareNorms;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.tensor.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what weights are stored as, and what the model computes in. */
final class TypeOptions {

    /** A mix has a line a place. */
    private static final long MAX_MIX_BYTES = 1L << 20;

    /** The mix that is chosen by measuring. */
    private static final String MEASURED = "measured";

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description =
                    "Store and compute in fp32 (default), fp16 or bf16; or store matrices in blocks of whole numbers: int4 or int8."
                            + " With --target gguf also q8_0, q6_k, q5_k_m, q5_k_s, q5_1, q5_0, q4_k_m, q4_k_s, q4_1 or q4_0, and not int4"
                            + " or int8.")
    private @Nullable WeightType dtype;

    @Option(
            names = "--around",
            paramLabel = "TYPE",
            description = "With int4 or int8, the type of everything else: fp32 (default) or fp16.")
    private @Nullable Precision around;

    @Option(
            names = "--block",
            paramLabel = "N",
            description = "With int4 or int8, numbers that share a scale: 16, 32 (default), 64 or 128.")
    private @Nullable Integer block;

    @Option(
            names = "--asymmetric",
            description = "With int4 or int8, give every block a zero of its own as well as a scale.")
    private boolean asymmetric;

    @Option(
            names = "--mix",
            paramLabel = "NAME",
            description =
                    "With int4 or int8, which matrices have other bits: plain (none, default), mixed, measured, or a YAML file.")
    private @Nullable String mix;

    @Option(
            names = "--rounding",
            paramLabel = "NAME",
            description =
                    "With int4 or int8, how numbers are rounded: nearest (default), or by a text, on the grids that keep best"
                            + " what it multiplies most (search), and with every error made up for by what is rounded next (gptq).")
    private @Nullable Rounding rounding;

    @Option(
            names = "--refit",
            description = "With --rounding search or gptq, also refit every matrix to the errors of those before it.")
    private boolean refit;

    @Option(
            names = "--max-rounding-loss",
            paramLabel = "X%",
            description =
                    "With --mix measured, how much rounding may raise the perplexity (default: its share of --max-loss, or 3%%).")
    private @Nullable LossLimit maxRoundingLoss;

    /** Whether a text decides how numbers are rounded. */
    boolean byText() {
        return rounding != null && rounding != Rounding.NEAREST;
    }

    /** The type of weights, if one is named. */
    Optional<WeightType> dtype() {
        return Optional.ofNullable(dtype);
    }

    /** The type of what is not in blocks, and of arithmetic. */
    Precision arithmetic() {
        return Optional.ofNullable(dtype)
                .flatMap(WeightType::precision)
                .or(() -> Optional.ofNullable(around))
                .orElse(Precision.FP32);
    }

    /** Of matrices in blocks, if there are to be such. */
    OptionalInt bits() {
        return dtype == null || dtype.precision().isPresent() ? OptionalInt.empty() : OptionalInt.of(dtype.bits());
    }

    boolean isEmpty() {
        return !refit
                && Stream.of(dtype, around, block, mix, rounding, maxRoundingLoss)
                        .allMatch(Objects::isNull)
                && !asymmetric;
    }

    /** For a target whose types have blocks of their own. */
    void requireNoneOfBlocks() {
        if (refit
                || asymmetric
                || Stream.of(around, block, mix, rounding, maxRoundingLoss).anyMatch(Objects::nonNull)) {
            throw TwofoldException.usage("the types of this target have blocks and mixes of their own")
                    .hint(
                            "leave out --around, --block, --asymmetric, --mix, --rounding, --refit and --max-rounding-loss: --dtype"
                                    + " names a type, such as q4_k_m");
        }
    }

    /**
     * The recipe with what they ask for.
     *
     * @param tokens of a text to round by, and {@code memory} for its sums, if they are given
     * @param share of what the model may lose that rounding may lose, unless that is said apart
     */
    Recipe into(Recipe recipe, @Nullable Integer tokens, @Nullable MemorySize memory, ChooseBits.Options share) {
        if (maxRoundingLoss != null && !measured()) {
            throw TwofoldException.usage("--max-rounding-loss is what bits are chosen by")
                    .hint("--mix measured");
        }
        if (dtype != null && dtype.precision().isEmpty()) {
            Recipe cast = around == null ? recipe : fill(recipe, around, "--around " + around);
            return RecipeOptions.fill(
                    bare(choosing(sharing(cast), share)),
                    Quantize.SPEC,
                    options(dtype, tokens, memory),
                    "--dtype " + dtype);
        }
        if (Stream.of(around, block, mix, rounding).anyMatch(Objects::nonNull) || asymmetric || refit) {
            throw TwofoldException.usage(
                            "--around, --block, --asymmetric, --mix, --rounding and --refit say how matrices are rounded")
                    .found(dtype == null ? "no --dtype" : "--dtype " + dtype)
                    .hint("--dtype int4");
        }
        return dtype == null ? recipe : fill(recipe, dtype.precision().orElseThrow(), "--dtype " + dtype);
    }

    /** Norms keep gains where weights are rounded; see {@link ShareNorms}. */
    static Recipe sharing(Recipe recipe) {
        Recipe shared = recipe;
        for (PassRequest<NoOptions> fold : recipe.all(FoldNorms.SPEC)) {
            shared = shared.replace(fold, PassRequest.bare(ShareNorms.SPEC, "--dtype"));
        }
        return shared;
    }

    /** Whether it is measured which matrices have other bits. */
    boolean measured() {
        return MEASURED.equals(mix);
    }

    /** Whether such a mix has no limit of its own. */
    boolean sharesLimit() {
        return measured() && maxRoundingLoss == null;
    }

    private Recipe choosing(Recipe recipe, ChooseBits.Options share) {
        if (!measured()) {
            return recipe;
        }
        ChooseBits.Options options = sharesLimit() ? share : ChooseBits.Options.within(maxRoundingLoss);
        Recipe open = recipe.has(ChooseBits.SPEC)
                ? recipe
                : recipe.append(PassRequest.bare(ChooseBits.SPEC, "--mix " + MEASURED));
        return RecipeOptions.fill(open, ChooseBits.SPEC, options, "--mix " + MEASURED);
    }

    private static Recipe fill(Recipe recipe, Precision precision, String flag) {
        Recipe open =
                recipe.has(CastWeights.SPEC) ? recipe : recipe.append(PassRequest.bare(CastWeights.SPEC, "--dtype"));
        return RecipeOptions.fill(open, CastWeights.SPEC, new CastWeights.Options(precision), flag);
    }

    private static Recipe bare(Recipe recipe) {
        return recipe.has(Quantize.SPEC)
                ? recipe
                : recipe.append(PassRequest.bare(Balance.SPEC, "--dtype"))
                        .append(PassRequest.bare(Quantize.SPEC, "--dtype"));
    }

    /** What is the default is left out, so that one recipe has one spelling. */
    private Quantize.Options options(WeightType type, @Nullable Integer tokens, @Nullable MemorySize memory) {
        boolean shipped = mix != null && MixFile.names().contains(mix);
        boolean plain = mix == null || measured() || mix.equals(MixFile.PLAIN);
        Quantize.Options blocks = new Quantize.Options(
                type.bits(),
                block,
                asymmetric ? false : null,
                shipped && !plain ? mix : null,
                plain || shipped ? null : places(Objects.requireNonNull(mix)));
        return byText()
                ? blocks.with(rounding, refit ? true : null, tokens, memory)
                : blocks.with(null, refit ? true : null, null, null);
    }

    private static List<Place> places(String file) {
        return new ArrayList<>(
                MixFile.parse(file, TextFile.read(Path.of(file), MAX_MIX_BYTES)).places());
    }
}
