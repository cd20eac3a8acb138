package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Sharding;
import dev.twofold.estimate.GraphWorkload;
import dev.twofold.estimate.Workload;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.pass.Facts;
import dev.twofold.passes.quantize.Quantize;
import dev.twofold.passes.shard.Shard;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.TextFits;
import dev.twofold.shard.RankDecoder;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.tensor.Precision;
import java.util.List;
import java.util.Optional;

/**
 * What a plan would make of a model, for which no weight is needed.
 *
 * @param original as the checkpoint is, but rounded as the decoder is
 * @param decoder after the plan, not cut yet
 */
public record PlannedModel(Decoder original, Decoder decoder, OnnxTarget target) {

    /**
     * Runs a recipe without what needs weights, which changes no shape.
     *
     * @param original its weights are not read
     */
    public static PlannedModel of(Decoder original, Recipe recipe, DialectName dialect, KvLayout layout) {
        Decoder decoder =
                new TextFits(recipe).without().check(Facts.of(original)).run(original);
        // Of the exchanges only their place and size matters here, and this engine goes with both dialects.
        OnnxOptions options = new OnnxOptions(dialect, layout, CollectiveName.ORT);
        return new PlannedModel(
                rounded(original, decoder, recipe), decoder, new OnnxTarget(options, TrialRuntime.NONE));
    }

    private static Decoder rounded(Decoder original, Decoder planned, Recipe recipe) {
        return new TextFits(recipe)
                .without()
                .find(Quantize.SPEC)
                .map(request ->
                        Recipe.of(request).check(Facts.of(original)).run(original.withPrecision(planned.precision())))
                .orElse(original);
    }

    /** How many devices the model is cut over. */
    public int devices() {
        return decoder.sharding().map(Sharding::devices).orElse(1);
    }

    /** What each device has to do. */
    public List<Workload> workloads() {
        return workloads(decoder);
    }

    /** The same for the original, cut the same way; empty if it cannot be. */
    public Optional<List<Workload>> originalWorkloads() {
        Decoder same = original.withPrecision(decoder.precision());
        return decoder.sharding()
                .map(cut -> new Shard(new Shard.Options(cut.devices(), cut.placement(), cut.vocabulary()))
                                .check(Facts.of(original))
                                .isPresent()
                        ? Optional.<List<Workload>>empty()
                        : Optional.of(workloads(same.withSharding(cut))))
                .orElseGet(() -> Optional.of(workloads(same)));
    }

    private List<Workload> workloads(Decoder whole) {
        // Over devices, the same sizes in a type that every engine exchanges.
        boolean exchanged = whole.sharding().isPresent() && whole.precision() == Precision.BF16;
        Decoder emitted = exchanged ? whole.withPrecision(Precision.FP16) : whole;
        long elementBytes = emitted.precision().dtype().bits() / 8;
        return RankDecoder.all(emitted).stream()
                .map(part -> GraphWorkload.of(target.graph(part), elementBytes))
                .toList();
    }
}
