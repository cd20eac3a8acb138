package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.pipeline.FromManifest;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code --from-manifest}: the manifest decides what the output is, so no option that would goes with it. */
final class RepeatOption {

    /** Options that say where things are and what is told, but change no byte of the model. */
    private static final Set<String> HARMLESS = Set.of(
            "--from-manifest",
            "--output",
            "--adapter",
            "--ignore-key",
            "--text",
            "--force",
            "--dry-run",
            "--no-load",
            "--dump-after",
            "--device-id",
            "--rank",
            "--format",
            "--quiet");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--from-manifest",
            paramLabel = "FILE",
            description = "Repeat the conversion that this twofold.json describes, byte for byte. Give the same"
                    + " checkpoint, and the same --text and --adapter if the model was compensated on a text of your own"
                    + " or had an adapter merged into it.")
    private @Nullable Path manifest;

    /** @throws TwofoldException of kind USAGE if other options would change the output */
    Optional<FromManifest> read() {
        if (manifest == null) {
            return Optional.empty();
        }
        List<String> deciding = spec.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .filter(name -> !HARMLESS.contains(name))
                .sorted()
                .toList();
        if (!deciding.isEmpty()) {
            throw TwofoldException.usage("with --from-manifest, the manifest says what " + deciding.get(0) + " would")
                    .found(String.join(" ", deciding))
                    .hint("leave out either these options or --from-manifest");
        }
        return Optional.of(FromManifest.read(manifest));
    }
}
