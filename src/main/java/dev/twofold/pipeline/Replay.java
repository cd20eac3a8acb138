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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Runs the plan of a manifest again on its checkpoint. */
public final class Replay {

    private Replay() {}

    /**
     * Checks that a checkpoint is the one that an output was made from, as far as names and sizes tell.
     *
     * @throws TwofoldException of kind INPUT if not
     */
    public static void requireSource(Manifest manifest, Checkpoint checkpoint) {
        Map<String, Long> actual = new TreeMap<>();
        checkpoint.sources().forEach(file -> actual.put(file.getFileName().toString(), FileHash.size(file)));
        Set<String> names = new TreeSet<>(actual.keySet());
        names.addAll(manifest.source().files().keySet());
        names.removeIf(name -> !decides(name));
        for (String name : names) {
            Long recorded = manifest.source().files().get(name);
            if (!Objects.equals(recorded, actual.get(name))) {
                throw TwofoldException.input("the model was not converted from this checkpoint")
                        .at(checkpoint.directory().resolve(name).toString())
                        .found(size(actual.get(name)))
                        .expected(size(recorded) + ", as the manifest says")
                        .hint("give --against the checkpoint named "
                                + manifest.source().name());
            }
        }
    }

    /** A chat template may change, and the model stays the same. */
    private static boolean decides(String name) {
        return name.endsWith(".safetensors") || name.equals("config.json") || name.equals("tokenizer.json");
    }

    private static String size(@Nullable Long bytes) {
        return bytes == null ? "no such file" : bytes + " bytes";
    }

    /** The plan without the passes that only change the form: what the emitted graph should compute. */
    public static Plan reference(Manifest manifest, Decoder base) {
        return Plan.check(requests(manifest), ShippedPasses.ALL, Facts.of(base));
    }

    /** The same without compensation. */
    public static Plan uncompensated(Manifest manifest, Decoder base) {
        return Plan.check(Compensation.without(requests(manifest)), ShippedPasses.ALL, Facts.of(base));
    }

    /** What a plan makes of a checkpoint. */
    public static Decoder run(Plan plan, Decoder base, PassContext context) {
        return new PassRunner(context, Optional.empty(), text -> {}).run(plan, base);
    }

    private static List<PassRequest> requests(Manifest manifest) {
        List<PassRequest> requests = new ArrayList<>();
        for (JsonNode entry : manifest.plan()) {
            if (entry.size() != 1 || !(entry.elements().next() instanceof ObjectNode options)) {
                throw TwofoldException.input("a step of the plan should be the name of a pass with its options")
                        .at(Manifest.NAME)
                        .found(entry);
            }
            String name = entry.fieldNames().next();
            if (!isExact(name)) {
                requests.add(new PassRequest(name, options, Manifest.NAME, TwofoldException.Kind.INPUT));
            }
        }
        return requests;
    }

    private static boolean isExact(String name) {
        return ShippedPasses.ALL.stream()
                .anyMatch(spec -> spec.name().equals(name) && spec.effect() == PassSpec.Effect.EXACT);
    }
}
