package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.checkpoint.Checkpoint;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.report.FileHash;
import dev.twofold.report.Manifest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs the plan of a manifest again on its checkpoint. */
public final class Replay {

    private Replay() {}

    /**
     * Checks that a checkpoint is the one that an output was made from, as far as names and sizes tell.
     *
     * @throws TwofoldException of kind INPUT if not
     */
    public static void requireSource(Manifest manifest, Checkpoint checkpoint) {
        for (Path file : checkpoint.sources()) {
            String name = file.getFileName().toString();
            Long recorded = manifest.source().files().get(name);
            long actual = FileHash.size(file);
            if (recorded == null || recorded != actual) {
                throw TwofoldException.input("the model was not converted from this checkpoint")
                        .at(file.toString())
                        .found(actual + " bytes")
                        .expected(recorded == null ? "no such file" : recorded + " bytes, as the manifest says")
                        .hint("give --against the checkpoint named "
                                + manifest.source().name());
            }
        }
    }

    /** The plan without the passes that only change the form: what the emitted graph should compute. */
    public static Decoder reference(Manifest manifest, Decoder base, PassContext context) {
        List<PassRequest> requests = new ArrayList<>();
        for (JsonNode entry : manifest.plan()) {
            Map.Entry<String, JsonNode> step = entry.properties().iterator().next();
            if (step.getValue() instanceof ObjectNode options && !isExact(step.getKey())) {
                requests.add(new PassRequest(step.getKey(), options, Manifest.NAME, TwofoldException.Kind.INPUT));
            }
        }
        Plan plan = Plan.check(requests, ShippedPasses.ALL, Facts.of(base));
        return new PassRunner(context, Optional.empty(), text -> {}).run(plan, base);
    }

    private static boolean isExact(String name) {
        return ShippedPasses.ALL.stream()
                .anyMatch(spec -> spec.name().equals(name) && spec.effect() == PassSpec.Effect.EXACT);
    }
}
