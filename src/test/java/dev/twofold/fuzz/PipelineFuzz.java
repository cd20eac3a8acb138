package dev.twofold.fuzz;

import dev.twofold.pass.Facts;
import dev.twofold.pipeline.Sources;
import dev.twofold.recipe.PipelineReader;
import dev.twofold.testing.TinyLlama;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Any text as a pipeline, checked against a model of four layers. */
public final class PipelineFuzz {

    private static final Facts FACTS = Facts.of(Sources.SHIPPED
            .open(FuzzedDirectory.with("unused", directory -> TinyLlama.create().write(directory))
                    .holding(new byte[0]))
            .decoder());

    private PipelineFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String text = new String(data, StandardCharsets.UTF_8);
        Promise.readOrRefuse(() -> PipelineReader.parse("fuzzed.yaml", text).check(FACTS))
                .ifPresent(plan -> {
                    List<?> layers = plan.outcome(FACTS).parallelGroups();
                    Promise.require(layers.size() <= TinyLlama.LAYERS, "more groups than layers");
                });
    }
}
