package dev.twofold.inspection;

import dev.twofold.decoder.Attention;
import dev.twofold.decoder.Decoder;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.layers.Plan;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassSpec.NoOptions;
import dev.twofold.passes.rewrite.FoldNorms;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.rewrite.Widen;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.source.Source;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.onnx.OnnxOptions;
import dev.twofold.target.onnx.OnnxTarget;
import java.util.regex.Pattern;

/** What plans would come to as emitted models, and the command lines that make them. Nothing is emitted. */
final class PlanForms {

    private static final OnnxTarget TARGET = new OnnxTarget(OnnxOptions.DEFAULT, TrialRuntime.NONE);

    private static final Pattern SHELL_SAFE = Pattern.compile("[A-Za-z0-9._/+:@%-]+");

    private final Source source;
    private final PairLayers.Form form;

    PlanForms(Source source, PairLayers.Form form) {
        this.source = source;
        this.form = form;
    }

    /**
     * @param allReduces a token, when sharded
     * @param kvBytesPerToken in the precision of the model
     * @param nodes of the graph, in the default dialect and KV layout
     */
    record EmittedForm(int allReduces, long kvBytesPerToken, int nodes) {}

    EmittedForm of(Plan plan) {
        Recipe recipe = PlanRecipe.of(plan, form)
                .append(PassRequest.own(FoldNorms.SPEC, new NoOptions()))
                .append(PassRequest.own(Widen.SPEC, new NoOptions()));
        Decoder original = source.decoder();
        Decoder decoder = recipe.check(Facts.of(original)).run(original);
        Preview preview = TARGET.preview(Part.whole(decoder));
        return new EmittedForm(
                decoder.allReduces(), preview.kvBytesPerToken(), preview.nodes().orElseThrow());
    }

    /** The command line that makes a plan. */
    String command(Plan grouping, String option) {
        return "twofold convert " + quoted(source.path().toString()) + " -o "
                + quoted(source.name() + "-d" + grouping.depth()) + " " + option
                + (form == PairLayers.Form.ONE_SYNC ? " --one-sync" : "");
    }

    private static String quoted(String argument) {
        return SHELL_SAFE.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }

    /** The attention heads of a layer. */
    Attention.Heads heads() {
        return source.decoder().attentionLayers().get(0);
    }
}
