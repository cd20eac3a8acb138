package dev.twofold.pipeline;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.execution.TrialRuntime;
import dev.twofold.graph.lower.CollectiveName;
import dev.twofold.ort.Provider;
import dev.twofold.recipe.Recipe;
import dev.twofold.recipe.StoredRecipe;
import dev.twofold.recipe.TextFits;
import dev.twofold.report.Manifest;
import dev.twofold.source.Source;
import dev.twofold.target.Part;
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.target.onnx.WebTarget;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A conversion to be repeated: everything that decides the bytes of its output is in its manifest, but for the
 * checkpoint, and the text that it was compensated on, which the manifest knows the hashes of.
 *
 * <p>What it is compared with is read before anything is written, for the output may take the place of the earlier one.
 *
 * @param file where the manifest is
 * @param ranks manifests of the ranks that are beside it, by directory
 */
public record FromManifest(Path file, Manifest manifest, SortedMap<String, Manifest> ranks) {

    /** A manifest and the ranks beside it. */
    public static FromManifest of(Path file, Manifest manifest) {
        SortedMap<String, Manifest> ranks = new TreeMap<>();
        if (manifest.sharding().isAbove()) {
            for (int rank = 0; rank < manifest.sharding().devices(); rank++) {
                String directory = Part.rankDirectory(rank);
                Path beside = file.resolveSibling(directory);
                if (Files.isRegularFile(beside.resolve(Manifest.NAME))) {
                    ranks.put(directory, Manifest.read(beside));
                }
            }
        }
        return new FromManifest(file, manifest, ranks);
    }

    /**
     * @param place a manifest, or the directory with one
     * @throws TwofoldException of kind INPUT if there is none
     */
    public static FromManifest read(Path place) {
        if (Files.isDirectory(place)) {
            return of(place.resolve(Manifest.NAME), whole(place, Manifest.read(place)));
        }
        if (!Files.isRegularFile(place)) {
            throw TwofoldException.input(Files.exists(place) ? "not a regular file" : "there is no such manifest")
                    .at(Origin.file(place))
                    .expected(Manifest.NAME + " of an output of Twofold");
        }
        return of(place, whole(place, Manifest.readFile(place)));
    }

    /** A rank's manifest has the plan, but its output is a directory above it. */
    private static Manifest whole(Path place, Manifest manifest) {
        if (manifest.sharding().devices() > 1
                && !manifest.sharding().isAbove()
                && !manifest.sharding().collective().equals(CollectiveName.ANNOTATE.toString())) {
            throw TwofoldException.input("this is the manifest of one rank")
                    .at(Origin.file(place))
                    .hint("give the manifest of the directory above it, and add --rank to write one rank only");
        }
        return manifest;
    }

    /**
     * The recipe, with what was chosen by measuring in place of the choice.
     *
     * @throws TwofoldException of kind INPUT if a pass or an option is not known
     */
    public Recipe recipe() {
        return StoredRecipe.read(manifest.plan(), file.toString());
    }

    /**
     * The target, with its options.
     *
     * @param runtime that loads what is written once
     * @throws TwofoldException of kind INPUT if this version has no such target or option
     */
    public Target target(TrialRuntime runtime) {
        return Targets.of(this, runtime);
    }

    /** The ONNX target, for what only it can tell. */
    public OnnxTarget onnx() {
        Target target = target(TrialRuntime.NONE);
        if (target instanceof OnnxTarget onnx) {
            return onnx;
        } else if (target instanceof WebTarget web) {
            return web.graphs();
        }
        throw TwofoldException.input("the model is no ONNX model")
                .at(Origin.file(file))
                .found(manifest.emission().target())
                .hint("give the checkpoint it was made from");
    }

    public String sourceName() {
        return manifest.source().name();
    }

    /** What the layers were refitted on, if it is known. */
    Optional<Provider> provider(TextFits fits) {
        Provider[] known = {Provider.CPU, Provider.CUDA, Provider.WEBGPU};
        return fits.provider().map(name -> constant("provider", known, name));
    }

    /** One of the constants that this version knows. */
    <E> E constant(String key, E[] known, String name) {
        return Arrays.stream(known)
                .filter(candidate -> candidate.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> TwofoldException.input("this version of Twofold knows no " + key + " '" + name + "'")
                        .at(Origin.key(file, key))
                        .expected("one of " + Arrays.toString(known)));
    }

    /** @throws TwofoldException of kind INPUT that names a file of the source which differs from that of the manifest */
    void require(Source source) {
        SourceMatch.requireSameFiles(manifest, source);
    }

    /** Why the output may come out otherwise, a line each. */
    List<String> doubts(OutputWriter.Tools tools) {
        return tools.version().equals(manifest.twofold()) && tools.libraries().equals(manifest.libraries())
                ? List.of()
                : List.of("note: the manifest is of twofold " + manifest.twofold() + " " + manifest.libraries()
                        + ", this is " + tools.version() + " " + tools.libraries()
                        + ": the output may not be the same");
    }

    /**
     * What came out, against what had come out.
     *
     * @param differs files that are not what the manifest says, or not there
     * @param notCompared ranks that were made, and of which there is none beside the manifest to compare them with
     */
    public record Comparison(List<String> differs, List<String> notCompared) {}

    Comparison compare(List<Manifest> made) {
        return new Comparison(differences(made), uncompared(made));
    }

    /**
     * Files of an output that are not what the manifest says, or not there. The files of a rank are in a manifest of its
     * own, beside this one; of a rank that is not there nothing is known.
     */
    private List<String> differences(List<Manifest> made) {
        List<String> different = new ArrayList<>();
        for (Manifest one : made) {
            if (one.sharding().equals(manifest.sharding())) {
                different.addAll(differences(manifest, one));
            } else {
                comparable(one)
                        .ifPresent(expected ->
                                differences(expected, one).forEach(name -> different.add(directory(one) + "/" + name)));
            }
        }
        return different;
    }

    /** Ranks that were made, and of which there is none beside the manifest to compare them with. */
    private List<String> uncompared(List<Manifest> made) {
        return manifest.sharding().isAbove()
                ? made.stream()
                        .filter(one ->
                                !one.sharding().isAbove() && comparable(one).isEmpty())
                        .map(FromManifest::directory)
                        .toList()
                : List.of();
    }

    private Optional<Manifest> comparable(Manifest rank) {
        return Optional.ofNullable(ranks.get(directory(rank)))
                .filter(beside -> beside.sharding().equals(rank.sharding()));
    }

    private static String directory(Manifest rank) {
        return Part.rankDirectory(rank.sharding().ranks().get(0));
    }

    private static Set<String> differences(Manifest expected, Manifest made) {
        Set<String> names = new TreeSet<>(expected.files().keySet());
        names.addAll(made.files().keySet());
        names.removeIf(name -> made.files().containsKey(name)
                && made.files().get(name).equals(expected.files().get(name)));
        return names;
    }
}
