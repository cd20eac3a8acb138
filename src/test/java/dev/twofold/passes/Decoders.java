package dev.twofold.passes;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.diag.Progress;
import dev.twofold.pass.Facts;
import dev.twofold.pass.Pass;
import dev.twofold.pass.PassContext;
import dev.twofold.pipeline.Sources;
import dev.twofold.testing.Novels;
import java.util.List;

/** Decoders to try passes on. */
final class Decoders {

    static final PassContext CONTEXT = new PassContext(Progress.SILENT);

    private Decoders() {}

    /** Sixteen ordinary layers. */
    static Decoder sixteen() {
        return Sources.SHIPPED.open(Novels.CHECKPOINT).decoder();
    }

    static Decoder run(Decoder decoder, Pass... passes) {
        Decoder current = decoder;
        for (Pass pass : passes) {
            current = pass.run(current, CONTEXT);
        }
        return current;
    }

    static Facts facts() {
        return Facts.of(sixteen());
    }

    /** The layers of each group, in the order of the stream. */
    static List<List<Integer>> groups(Decoder decoder) {
        return LayerGroup.of(decoder).stream().map(LayerGroup::layers).toList();
    }
}
