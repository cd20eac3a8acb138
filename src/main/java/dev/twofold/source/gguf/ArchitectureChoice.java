package dev.twofold.source.gguf;

import dev.twofold.diag.NearestName;
import dev.twofold.gguf.Architecture;
import dev.twofold.gguf.Architectures;
import dev.twofold.gguf.Metadata;
import dev.twofold.gguf.MetadataValue.Whole;
import java.util.Set;

/** Finds the description of the architecture that a file names. */
final class ArchitectureChoice {

    private ArchitectureChoice() {}

    /** The one of a name, or of a variant that the metadata tells. */
    static Architecture of(Metadata metadata, String name) {
        return variant(metadata, name, named(metadata, name));
    }

    private static Architecture named(Metadata metadata, String name) {
        Set<String> known = Architectures.index().keySet();
        return Architectures.named(name)
                .orElseThrow(() -> metadata.wrong(GgufFormat.ARCHITECTURE, "unknown architecture")
                        .found(name)
                        .expected("one of " + String.join(", ", known))
                        .hint(NearestName.hint(name, known)));
    }

    /** Another description of the same architecture, if the metadata has a key that tells so. */
    private static Architecture variant(Metadata metadata, String name, Architecture architecture) {
        return architecture.variants().entrySet().stream()
                .filter(entry -> metadata.value(name + "." + entry.getKey())
                        .filter(value -> !(value instanceof Whole whole && whole.value() == 0))
                        .isPresent())
                .findFirst()
                .map(entry -> Architectures.file(entry.getValue()))
                .orElse(architecture);
    }
}
