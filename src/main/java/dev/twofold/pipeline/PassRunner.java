package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderText;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.pipeline.Plan.PlannedPass;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Runs a checked plan, verifying the decoder after every pass. */
public final class PassRunner {

    private final PassContext context;
    private final Optional<String> dumpAfter;
    private final Consumer<String> dump;

    /**
     * @param dumpAfter the pass after which {@code dump} receives the decoder as text
     */
    public PassRunner(PassContext context, Optional<String> dumpAfter, Consumer<String> dump) {
        this.context = context;
        this.dumpAfter = dumpAfter;
        this.dump = dump;
    }

    /** @throws TwofoldException that names the pass, its place in the plan, and what the verifier found */
    public Decoder run(Plan plan, Decoder decoder) {
        requireDumpable(plan);
        Decoder current = decoder;
        for (int i = 0; i < plan.passes().size(); i++) {
            PlannedPass planned = plan.passes().get(i);
            String place = planned.name() + ", step " + (i + 1) + " of "
                    + plan.passes().size() + ", " + planned.origin();
            try {
                current = planned.pass().run(current, context);
                DecoderVerifier.verify(current);
            } catch (TwofoldException e) {
                throw e.detail("pass", place);
            }
            requireSimulated(current, planned.after(), place);
            if (dumpAfter.filter(planned.name()::equals).isPresent()) {
                dump.accept(DecoderText.of(current));
            }
        }
        return current;
    }

    private void requireDumpable(Plan plan) {
        List<String> names = plan.passes().stream().map(PlannedPass::name).toList();
        dumpAfter.filter(name -> !names.contains(name)).ifPresent(name -> {
            throw TwofoldException.usage("the plan has no pass '" + name + "' to dump after")
                    .hint(NearestName.hint(name, names));
        });
    }

    /** A pass whose result is not what it announced would make every later check meaningless. */
    private static void requireSimulated(Decoder decoder, Facts announced, String place) {
        List<List<Integer>> actual =
                LayerGroup.of(decoder).stream().map(LayerGroup::layers).toList();
        List<List<Integer>> expected =
                announced.groups().stream().map(Facts.Group::layers).toList();
        if (!actual.equals(expected)) {
            throw new IllegalStateException(place + " announced " + expected + " and made " + actual);
        }
    }
}
