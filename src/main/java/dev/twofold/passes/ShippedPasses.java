package dev.twofold.passes;

import dev.twofold.pass.PassSpec;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.compensate.Compensate;
import dev.twofold.passes.quantize.Balance;
import dev.twofold.passes.quantize.ChooseBits;
import dev.twofold.passes.quantize.Quantize;
import dev.twofold.passes.rewrite.AverageLayers;
import dev.twofold.passes.rewrite.CastWeights;
import dev.twofold.passes.rewrite.DropLayers;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.MergeSteps;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.ScaleStream;
import dev.twofold.passes.rewrite.ShareNorms;
import dev.twofold.passes.rewrite.SwapLayers;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.passes.shard.Shard;
import java.util.List;

/** The passes a pipeline can name. A new pass is added here. */
public final class ShippedPasses {

    public static final List<PassSpec<?>> ALL = List.of(
            ChoosePairs.SPEC,
            DropLayers.SPEC,
            SwapLayers.SPEC,
            AverageLayers.SPEC,
            PairLayers.SPEC,
            MergeSteps.SPEC,
            Compensate.SPEC,
            ScaleStream.SPEC,
            FoldNorms.SPEC,
            ShareNorms.SPEC,
            Widen.SPEC,
            ChooseBits.SPEC,
            Balance.SPEC,
            Quantize.SPEC,
            Shard.SPEC,
            CastWeights.SPEC);

    private ShippedPasses() {}
}
