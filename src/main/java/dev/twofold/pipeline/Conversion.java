package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.Sharding;
import dev.twofold.diag.Progress;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileFact;
import dev.twofold.disk.FileHash;
import dev.twofold.disk.FileHashes;
import dev.twofold.disk.MappedFiles;
import dev.twofold.disk.OutputDirectory;
import dev.twofold.disk.OutputPlace;
import dev.twofold.execution.GraphNames;
import dev.twofold.graph.check.GraphCheck;
import dev.twofold.pass.Facts;
import dev.twofold.report.Manifest;
import dev.twofold.shard.RankDecoder;
import dev.twofold.source.huggingface.Checkpoint;
import dev.twofold.target.onnx.CompanionFiles;
import dev.twofold.target.onnx.ModelEmitter;
import dev.twofold.weight.WeightEvaluator;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** The whole way from a checkpoint to an output directory. */
public final class Conversion {

    /** Room beside the weights and the companions for the graph and the manifest. */
    private static final long SMALL_FILES = 8L << 20;

    private final Source source;
    private final Checkpoint checkpoint;
    private final Plan plan;
    private final Decoder decoder;
    private final ModelEmitter emitter;
    private final List<Part> parts;
    private final Facts outcome;

    /**
     * Prepares a conversion; no weight is read.
     *
     * @param plan checked against the checkpoint's decoder
     * @param rank the only device to compile for; all if empty
     */
    public Conversion(Source source, Plan plan, PassRunner runner, ModelEmitter emitter, Optional<Integer> rank) {
        this.source = source;
        this.checkpoint = source.checkpoint();
        this.plan = plan;
        this.decoder = runner.run(plan, checkpoint.decoder());
        this.emitter = emitter;
        this.parts = parts(decoder, emitter, rank);
        this.outcome = plan.outcome(Facts.of(checkpoint.decoder()));
    }

    /**
     * What makes an output, beside the checkpoint and the plan.
     *
     * @param version of Twofold
     * @param libraries versions of what else decides the bytes, by name
     */
    public record Tools(String version, SortedMap<String, String> libraries) {}

    /**
     * Bytes moved, and the manifests of what was made.
     *
     * @param manifests of every directory, that of the output itself last
     */
    public record Result(List<Manifest> manifests, long bytesRead, long bytesWritten) {

        public Manifest manifest() {
            return manifests.get(manifests.size() - 1);
        }
    }

    /**
     * A model to write.
     *
     * @param directory inside the output; empty for the output itself
     * @param rank the device it is for; empty if it is whole
     */
    public record Part(Decoder decoder, String directory, Optional<Integer> rank) {}

    private static List<Part> parts(Decoder decoder, ModelEmitter emitter, Optional<Integer> only) {
        Optional<Sharding> sharding =
                decoder.sharding().filter(cut -> emitter.collective().cuts());
        int devices = sharding.map(Sharding::devices).orElse(1);
        only.ifPresent(rank -> {
            if (sharding.isEmpty() || rank < 0 || rank >= devices) {
                throw TwofoldException.usage("there is no rank " + rank + " to compile")
                        .found(sharding.isEmpty() ? "one model for all devices" : devices + " devices")
                        .expected(sharding.isEmpty() ? "--devices N with --rank" : "0 to " + (devices - 1));
            }
        });
        if (sharding.isEmpty()) {
            return List.of(new Part(decoder, "", Optional.empty()));
        }
        return IntStream.range(0, devices)
                .filter(rank -> only.map(one -> one == rank).orElse(true))
                .mapToObj(rank ->
                        new Part(RankDecoder.of(decoder, rank), Manifest.rankDirectory(rank), Optional.of(rank)))
                .toList();
    }

    /** What is going to be written: the whole model, or one for each device. */
    public List<Part> parts() {
        return parts;
    }

    /** The decoder after all passes, before it is cut. */
    public Decoder decoder() {
        return decoder;
    }

    /** The checkpoint in the same form, cut the same way, with its layers as they were; empty if it cannot be. */
    public Optional<Decoder> unpaired() {
        return plan.formOf(source.checkpoint().decoder());
    }

    public ModelEmitter.Preview preview(Part part) {
        return emitter.preview(part.decoder());
    }

    /** What the converted model will be. */
    public Manifest.Model model() {
        return new Manifest.Model(
                decoder.facts().layers(),
                decoder.effectiveDepth(),
                outcome.parallelGroups(),
                decoder.allReduces(),
                decoder.facts().contextLength(),
                decoder.facts().vocabularySize(),
                decoder.facts().endTokens());
    }

    /**
     * Writes the output directory, whole or not at all. The checkpoint is hashed while its weights are converted.
     *
     * @param tools for the manifest
     */
    public Result run(OutputPlace place, Tools tools, LoadCheck loading, Progress progress) {
        long expected =
                parts.stream().mapToLong(part -> preview(part).dataBytes()).sum();
        try (MappedFiles files = new MappedFiles();
                FileHashes sources = new FileHashes(source.files());
                OutputDirectory output = place.stage(expected + parts.size() * besideWeights())) {
            progress.begin("writing weights", expected, Progress.Unit.BYTES);
            WeightWriter writer = new WeightWriter(new WeightEvaluator(files), progress);
            Map<Part, Written> data = new LinkedHashMap<>();
            for (Part part : parts) {
                data.put(part, write(part, output.path().resolve(part.directory()), writer));
            }
            Manifest.Source origin = new Manifest.Source(source.name(), sources.byName());
            files.requireUnchanged();
            source.requireUnchanged();
            List<Manifest> manifests = new ArrayList<>();
            data.forEach((part, written) -> {
                Path directory = output.path().resolve(part.directory());
                check(part, directory, loading);
                manifests.add(complete(part, directory, tools, origin, written));
            });
            if (decoder.sharding().isPresent() && emitter.collective().cuts()) {
                manifests.add(above(output.path(), tools, origin));
            }
            Manifest manifest = manifests.get(manifests.size() - 1);
            manifest.write(output.path());
            output.commit();
            progress.end();
            long written = manifests.stream()
                    .flatMap(each -> each.files().values().stream())
                    .mapToLong(FileFact::bytes)
                    .sum();
            return new Result(manifests, files.bytesRead(), written);
        } catch (InternalError e) {
            // A page of a mapped file that is gone may only be noticed some instructions after it was read.
            source.requireUnchanged();
            throw e;
        }
    }

    /** Bytes of a directory without its weights, roughly. */
    private long besideWeights() {
        return SMALL_FILES
                + source.companions().stream()
                        .mapToLong(file -> file.toFile().length())
                        .sum();
    }

    private Written write(Part part, Path directory, WeightWriter writer) {
        if (part.rank().isPresent()) {
            try {
                Files.createDirectory(directory);
            } catch (IOException e) {
                throw OutputDirectory.unwritable(directory, e);
            }
        }
        Written data = emitter.emit(part.decoder(), directory, writer);
        CompanionFiles.write(directory, source.companions(), part.decoder(), emitter.caches(part.decoder()));
        return data;
    }

    /** A device's part is loaded between the operators in which the devices meet, which no runtime here has. */
    private static void check(Part part, Path directory, LoadCheck loading) {
        GraphCheck.require(directory);
        loading.load(directory, part.decoder().precision(), part.rank().isPresent());
    }

    /** What a directory holds; that of a rank is complete with its manifest. */
    private Manifest complete(Part part, Path directory, Tools tools, Manifest.Source origin, Written data) {
        SortedMap<String, FileFact> files = new TreeMap<>();
        for (Path file : OutputDirectory.files(directory)) {
            String name = directory.relativize(file).toString();
            files.put(
                    name, name.equals(GraphNames.DATA) ? new FileFact(data.bytes(), data.sha256()) : FileHash.of(file));
        }
        Manifest.Sharding sharding = part.rank().map(sharding()::ofRank).orElse(sharding());
        Manifest manifest = manifest(tools, origin, sharding, files);
        if (part.rank().isPresent()) {
            manifest.write(directory);
        }
        return manifest;
    }

    /** What is beside the directories of the ranks, which is the same whichever of them are compiled here. */
    private Manifest above(Path directory, Tools tools, Manifest.Source origin) {
        emitter.deploy(decoder, directory, source.name());
        CompanionFiles.writeConfig(directory, source.companions());
        List<Path> ranks =
                parts.stream().map(part -> directory.resolve(part.directory())).toList();
        SortedMap<String, FileFact> files = new TreeMap<>();
        OutputDirectory.files(directory).stream()
                .filter(file -> ranks.stream().noneMatch(file::startsWith))
                .forEach(file -> files.put(directory.relativize(file).toString(), FileHash.of(file)));
        return manifest(tools, origin, sharding().above(), files);
    }

    private Manifest manifest(
            Tools tools, Manifest.Source origin, Manifest.Sharding sharding, SortedMap<String, FileFact> files) {
        Manifest.Emission emission = new Manifest.Emission(
                emitter.dialect().toString(),
                emitter.layout().toString(),
                decoder.precision().toString());
        return new Manifest(
                tools.version(), tools.libraries(), origin, plan.entries(), emission, sharding, model(), files);
    }

    private Manifest.Sharding sharding() {
        return decoder.sharding()
                .map(cut -> new Manifest.Sharding(
                        cut.devices(),
                        List.of(0),
                        cut.placement().toString(),
                        cut.vocabulary(),
                        emitter.collective().toString()))
                .orElse(Manifest.Sharding.NONE);
    }
}
