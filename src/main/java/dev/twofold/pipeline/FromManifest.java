package dev.twofold.pipeline;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.onnx.CollectiveName;
import dev.twofold.onnx.DialectName;
import dev.twofold.onnx.KvLayout;
import dev.twofold.onnx.ModelEmitter;
import dev.twofold.ort.Provider;
import dev.twofold.passes.ShippedPasses;
import dev.twofold.report.Manifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A conversion to be repeated: everything that decides the bytes of its output is in its manifest, but for the
 * checkpoint, and the text that it was compensated on, which the manifest knows the hashes of.
 *
 * @param file where the manifest is
 */
public record FromManifest(Path file, Manifest manifest) {

    /**
     * @param place a manifest, or the directory with one
     * @throws TwofoldException of kind INPUT if there is none
     */
    public static FromManifest read(Path place) {
        if (Files.isDirectory(place)) {
            return new FromManifest(place.resolve(Manifest.NAME), whole(place, Manifest.read(place)));
        }
        if (!Files.isRegularFile(place)) {
            throw TwofoldException.input(Files.exists(place) ? "not a regular file" : "there is no such manifest")
                    .at(Origin.file(place))
                    .expected(Manifest.NAME + " of an output of Twofold");
        }
        return new FromManifest(place, whole(place, Manifest.readFile(place)));
    }

    /** A rank's manifest has the plan, but its output is a directory above it. */
    private static Manifest whole(Path place, Manifest manifest) {
        if (manifest.sharding().devices() > 1
                && !manifest.sharding().isAbove()
                && !manifest.sharding().collective().equals(CollectiveName.ANNOTATE.toString())) {
            throw TwofoldException.input("this is the manifest of one rank")
                    .at(Origin.file(place))
                    .hint("give that of the directory above it, and --rank to compile one rank only");
        }
        return manifest;
    }

    /** The passes of the plan, with what was chosen by measuring in place of the choice. */
    public List<PassRequest> requests() {
        return Replay.requests(manifest, file.toString());
    }

    /** @throws TwofoldException if a pass or an option is not known */
    public void requireKnownOptions() {
        requests().forEach(request -> Plan.bind(request, ShippedPasses.ALL));
    }

    public ModelEmitter emitter() {
        return new ModelEmitter(
                constant("dialect", DialectName.values(), manifest.emission().dialect()),
                constant("kvLayout", KvLayout.values(), manifest.emission().kvLayout()),
                manifest.sharding().equals(Manifest.Sharding.NONE)
                        ? CollectiveName.ORT
                        : constant(
                                "collective",
                                CollectiveName.values(),
                                manifest.sharding().collective()));
    }

    /** What the layers were refitted on, if they were. */
    public Optional<Provider> provider(Plan plan) {
        return Compensation.in(plan)
                .flatMap(options -> Optional.ofNullable(options.provider()))
                .map(name -> constant("provider", Provider.values(), name));
    }

    private <E> E constant(String key, E[] known, String name) {
        return Arrays.stream(known)
                .filter(candidate -> candidate.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> TwofoldException.input("this version of Twofold knows no " + key + " '" + name + "'")
                        .at(Origin.key(file, key))
                        .expected("one of " + Arrays.toString(known)));
    }

    /**
     * The same checkpoint, under the name it had.
     *
     * @throws TwofoldException of kind INPUT that names a file which differs from that of the manifest
     */
    public Source require(Source source) {
        SourceMatch.requireSameFiles(manifest, source.checkpoint());
        return source.named(manifest.source().name());
    }

    /** Why the output may come out otherwise, a line each. */
    public List<String> doubts(Conversion.Tools tools) {
        return tools.version().equals(manifest.twofold()) && tools.libraries().equals(manifest.libraries())
                ? List.of()
                : List.of("note: the manifest is of twofold " + manifest.twofold() + " " + manifest.libraries()
                        + ", this is " + tools.version() + " " + tools.libraries()
                        + ": the output may not be the same");
    }

    /**
     * Files of an output that are not what the manifest says, or not there. The files of a rank are in a manifest of its
     * own, beside this one; of a rank that is not there nothing is known.
     */
    public List<String> differences(List<Manifest> made) {
        List<String> different = new ArrayList<>();
        for (Manifest one : made) {
            String directory = !one.sharding().isAbove() && manifest.sharding().isAbove()
                    ? Manifest.rankDirectory(one.sharding().ranks().get(0)) + "/"
                    : "";
            Path expected = file.resolveSibling(directory + Manifest.NAME);
            if (directory.isEmpty()) {
                different.addAll(differences(manifest, one));
            } else if (isComparable(one)) {
                differences(Manifest.readFile(expected), one).forEach(name -> different.add(directory + name));
            }
        }
        return different;
    }

    /** Ranks that were made, and of which there is none beside the manifest to compare them with. */
    public List<String> uncompared(List<Manifest> made) {
        return manifest.sharding().isAbove()
                ? made.stream()
                        .filter(one -> !one.sharding().isAbove() && !isComparable(one))
                        .map(one ->
                                Manifest.rankDirectory(one.sharding().ranks().get(0)))
                        .toList()
                : List.of();
    }

    private boolean isComparable(Manifest rank) {
        Path beside = file.resolveSibling(
                Manifest.rankDirectory(rank.sharding().ranks().get(0)));
        return Files.isRegularFile(beside.resolve(Manifest.NAME))
                && Manifest.read(beside).sharding().equals(rank.sharding());
    }

    private static Set<String> differences(Manifest expected, Manifest made) {
        Set<String> names = new TreeSet<>(expected.files().keySet());
        names.addAll(made.files().keySet());
        names.removeIf(name -> made.files().containsKey(name)
                && made.files().get(name).equals(expected.files().get(name)));
        return names;
    }
}
