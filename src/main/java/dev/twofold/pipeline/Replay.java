package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassContext;
import dev.twofold.pass.PassSpec;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.report.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs the plan of a manifest again on its checkpoint. */
public final class Replay {

    private Replay() {}

    /** The plan without the passes that only change the form: what the emitted graph should compute. */
    public static Plan reference(Manifest manifest, Decoder base) {
        return Plan.check(inexact(manifest), ShippedPasses.ALL, Facts.of(base));
    }

    /** The same without compensation. */
    public static Plan uncompensated(Manifest manifest, Decoder base) {
        return Plan.check(Compensation.without(inexact(manifest)), ShippedPasses.ALL, Facts.of(base));
    }

    /** What a plan makes of a checkpoint. */
    public static Decoder run(Plan plan, Decoder base, PassContext context) {
        return new PassRunner(context, Optional.empty(), text -> {}).run(plan, base);
    }

    private static List<PassRequest> inexact(Manifest manifest) {
        return requests(manifest, Manifest.NAME).stream()
                .filter(request -> !isExact(request.name()))
                .toList();
    }

    /**
     * Every pass of a manifest's plan.
     *
     * @param origin the manifest's file, for messages
     */
    public static List<PassRequest> requests(Manifest manifest, String origin) {
        if (manifest.plan().size() > PipelineParser.MAX_STEPS) {
            throw TwofoldException.input("a plan has at most " + PipelineParser.MAX_STEPS + " steps")
                    .at(origin)
                    .found(manifest.plan().size());
        }
        List<PassRequest> requests = new ArrayList<>();
        for (JsonNode entry : manifest.plan()) {
            if (entry.size() != 1 || !(entry.elements().next() instanceof ObjectNode options)) {
                throw TwofoldException.input("a step of the plan should be the name of a pass with its options")
                        .at(origin)
                        .found(entry);
            }
            requests.add(new PassRequest(entry.fieldNames().next(), options, origin, TwofoldException.Kind.INPUT));
        }
        return requests;
    }

    private static boolean isExact(String name) {
        return ShippedPasses.ALL.stream()
                .anyMatch(spec -> spec.name().equals(name) && spec.effect() == PassSpec.Effect.EXACT);
    }
}
