package dev.twofold.fuzz;

import dev.twofold.pass.Facts;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.pipeline.PipelineParser;
import dev.twofold.pipeline.Plan;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.testing.TinyLlama;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Any text as a pipeline, checked against a model of four layers. */
public final class PipelineFuzz {

    private static final Facts FACTS = Facts.of(Checkpoint.read(FuzzedDirectory.with(
                            "unused", directory -> TinyLlama.create().write(directory))
                    .holding(new byte[0]))
            .decoder());

    private PipelineFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String text = new String(data, StandardCharsets.UTF_8);
        Promise.readOrRefuse(() -> Plan.check(PipelineParser.parse("fuzzed.yaml", text), ShippedPasses.ALL, FACTS))
                .ifPresent(plan -> {
                    List<?> layers = plan.outcome(FACTS).parallelGroups();
                    Promise.require(layers.size() <= TinyLlama.LAYERS, "more groups than layers");
                });
    }
}
