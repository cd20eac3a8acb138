package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.layers.Grouping;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.target.onnx.ModelEmitter;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What plans would come to as emitted models, and the command lines that make them. Nothing is emitted. */
final class PlanForms {

    private static final ModelEmitter EMITTER =
            new ModelEmitter(DialectName.ORT, KvLayout.PER_LAYER, CollectiveName.ORT);
    private static final Pattern SHELL_SAFE = Pattern.compile("[A-Za-z0-9._/+:@%-]+");

    private final Checkpoint checkpoint;
    private final PairLayers.Form form;

    PlanForms(Checkpoint checkpoint, PairLayers.Form form) {
        this.checkpoint = checkpoint;
        this.form = form;
    }

    /**
     * @param allReduces a token, when sharded
     * @param kvBytesPerToken in the precision of the model
     * @param nodes of the graph, in the default dialect and KV layout
     */
    record EmittedForm(int allReduces, long kvBytesPerToken, int nodes) {}

    EmittedForm of(Grouping grouping) {
        ObjectNode pairing = JsonNodeFactory.instance.objectNode().put("form", form.toString());
        List<PassRequest> requests = List.of(
                PassRequest.own(PairLayers.SPEC.name(), Choosing.fill(pairing, grouping)),
                PassRequest.own(FoldNorms.SPEC.name(), JsonNodeFactory.instance.objectNode()),
                PassRequest.own(Widen.SPEC.name(), JsonNodeFactory.instance.objectNode()));
        Decoder original = checkpoint.decoder();
        Plan plan = Plan.check(requests, ShippedPasses.ALL, Facts.of(original));
        Decoder decoder = Replay.run(plan, original, new PassContext(Progress.SILENT));
        return new EmittedForm(
                decoder.allReduces(),
                kvBytesPerToken(decoder),
                EMITTER.preview(decoder).nodes());
    }

    private static long kvBytesPerToken(Decoder decoder) {
        long bytes = decoder.precision().dtype().bits() / 8;
        return EMITTER.caches(decoder).stream()
                .mapToLong(cache -> 2L * cache.kvHeads() * cache.headSize() * bytes)
                .sum();
    }

    /** The checkpoint directory's name. */
    String name() {
        Path directory = checkpoint.directory().toAbsolutePath().normalize();
        return String.valueOf(directory.getFileName());
    }

    /** The command line that makes a plan. */
    String command(Grouping grouping, String option) {
        return "twofold convert " + quoted(checkpoint.directory().toString()) + " -o "
                + quoted(name() + "-d" + grouping.depth()) + " " + option
                + (form == PairLayers.Form.ONE_SYNC ? " --one-sync" : "");
    }

    private static String quoted(String argument) {
        return SHELL_SAFE.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }

    /** The attention heads of a layer. */
    Attention.Heads heads() {
        return checkpoint.decoder().attentionLayers().get(0);
    }
}
