package dev.twofold.inspection;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.estimate.CostModel;
import dev.twofold.estimate.Hardware;
import dev.twofold.estimate.HardwareFile;
import dev.twofold.estimate.RuntimeName;
import dev.twofold.estimate.Speed;
import dev.twofold.estimate.Workload;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.Plan;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassSpec.NoOptions;
import dev.twofold.passes.rewrite.CastWeights;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.passes.shard.Shard;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.tensor.Precision;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast plans decode one text in fp16 on one machine, as predicted.
 *
 * @param devices that the model is cut over by heads
 * @param unplanned seconds for a token without a plan
 * @param speedups of the plans, in their order
 */
record PlanTimes(String hardware, int devices, double unplanned, List<Double> speedups) {

    private static final Speed.Text TEXT = new Speed.Text(1, 128, 128);

    /** On every machine that comes with Twofold and that the model can be cut for. */
    static List<PlanTimes> of(Decoder original, PairLayers.Form form, List<Plan> plans) {
        List<PlanTimes> times = new ArrayList<>();
        List<Hardware> machines =
                HardwareFile.names().stream().map(HardwareFile::shipped).toList();
        List<Integer> counts = machines.stream()
                .flatMap(machine -> machine.devices().stream())
                .distinct()
                .sorted()
                .toList();
        for (int devices : counts) {
            Shard.Options cut = new Shard.Options(devices, Placement.HEADS, null);
            if (devices > 1 && new Shard(cut).check(Facts.of(original)).isPresent()) {
                continue;
            }
            List<Workload> plain =
                    workloads(original, form, Plan.none(original.facts().layers()), cut);
            List<List<Workload>> planned = plans.stream()
                    .map(plan -> workloads(original, form, plan, cut))
                    .toList();
            for (Hardware machine : machines) {
                if (machine.devices().contains(devices)) {
                    double unplanned = seconds(machine, plain);
                    List<Double> speedups = planned.stream()
                            .map(work -> unplanned / seconds(machine, work))
                            .toList();
                    times.add(new PlanTimes(machine.name(), devices, unplanned, speedups));
                }
            }
        }
        return times;
    }

    private static List<Workload> workloads(Decoder original, PairLayers.Form form, Plan plan, Shard.Options cut) {
        Recipe recipe = PlanRecipe.of(plan, form)
                .append(PassRequest.own(FoldNorms.SPEC, new NoOptions()))
                .append(PassRequest.own(Widen.SPEC, new NoOptions()))
                .append(PassRequest.own(CastWeights.SPEC, new CastWeights.Options(Precision.FP16)));
        Recipe whole = cut.cuts() ? recipe.append(PassRequest.own(Shard.SPEC, cut)) : recipe;
        return PlannedModel.of(original, whole, DialectName.ORT, KvLayout.PER_LAYER)
                .workloads();
    }

    private static double seconds(Hardware machine, List<Workload> work) {
        return Speed.of(new CostModel(machine, RuntimeName.STREAM, Precision.FP16, 1), work, TEXT)
                .decode()
                .total();
    }
}
