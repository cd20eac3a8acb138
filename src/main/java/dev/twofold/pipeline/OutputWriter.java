package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.disk.FileFact;
import dev.twofold.disk.FileHash;
import dev.twofold.disk.FileHashes;
import dev.twofold.disk.MappedFiles;
import dev.twofold.disk.OutputDirectory;
import dev.twofold.disk.OutputPlace;
import dev.twofold.report.Manifest;
import dev.twofold.source.Companion;
import dev.twofold.source.Source;
import dev.twofold.target.Part;
import dev.twofold.target.Preview;
import dev.twofold.target.Target;
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
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Writes what was compiled into a directory, whole or not at all. */
public final class OutputWriter {

    /** Room beside the weights and the companions for the graph and the manifest. */
    private static final long SMALL_FILES = 8L << 20;

    private final Compilation compilation;
    private final Source source;
    private final Target target;
    private final Decoder decoder;
    private final List<Part> parts;
    private final List<Companion> companions;
    private final String name;
    private final Tools tools;
    private final Supplier<Trial> trial;

    /**
     * @param name what the manifest calls the source
     * @param tools for the manifest
     * @param trial started with the writing; nothing appears if it fails
     */
    OutputWriter(Compilation compilation, String name, Tools tools, Supplier<Trial> trial) {
        this.compilation = compilation;
        this.source = compilation.source();
        this.target = compilation.target();
        this.decoder = compilation.decoder();
        this.parts = compilation.parts();
        this.companions = source.companions();
        this.name = name;
        this.tools = tools;
        this.trial = trial;
    }

    /**
     * What makes an output, beside the source and the recipe.
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

    /** Fills a directory and moves it to its place. The source is hashed while its weights are converted. */
    Result write(OutputPlace place, Progress progress) {
        long expected =
                compilation.previews().stream().mapToLong(Preview::dataBytes).sum();
        try (MappedFiles files = new MappedFiles();
                FileHashes sources = new FileHashes(source.files());
                OutputDirectory output = place.stage(expected + parts.size() * besideWeights());
                Trial beside = trial.get()) {
            progress.begin("writing weights", expected, Progress.Unit.BYTES);
            WeightWriter writer = new WeightWriter(new WeightEvaluator(files), progress);
            Map<Part, Written> data = new LinkedHashMap<>();
            for (Part part : parts) {
                data.put(part, write(part, output.path().resolve(part.directory()), writer));
            }
            Manifest.Source origin = new Manifest.Source(name, sources.byName(), new TreeMap<>(source.options()));
            files.requireUnchanged();
            requireUnchanged();
            beside.finish();
            List<Manifest> manifests = new ArrayList<>();
            data.forEach((part, written) -> {
                Path directory = output.path().resolve(part.directory());
                target.verify(part, directory);
                manifests.add(complete(part, directory, origin, written));
            });
            if (isCut()) {
                manifests.add(above(output.path(), origin));
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
            requireUnchanged();
            throw e;
        }
    }

    private void requireUnchanged() {
        source.stamps().requireUnchanged(source.files());
    }

    private boolean isCut() {
        return parts.get(0).rank().isPresent();
    }

    /** Bytes of a directory without its weights, roughly. */
    private long besideWeights() {
        return SMALL_FILES + companions.stream().mapToLong(Companion::bytes).sum();
    }

    private Written write(Part part, Path directory, WeightWriter writer) {
        if (part.rank().isPresent()) {
            try {
                Files.createDirectory(directory);
            } catch (IOException e) {
                throw OutputDirectory.unwritable(directory, e);
            }
        }
        Written data = target.write(part, companions, directory, writer);
        target.companions(part, companions, directory);
        return data;
    }

    /** What a directory holds; that of a rank is complete with its manifest. */
    private Manifest complete(Part part, Path directory, Manifest.Source origin, Written data) {
        SortedMap<String, FileFact> files = new TreeMap<>();
        for (Path file : OutputDirectory.files(directory)) {
            String own = directory.relativize(file).toString();
            boolean weights = own.equals(target.weightFile());
            files.put(own, weights ? new FileFact(data.bytes(), data.sha256()) : FileHash.of(file));
        }
        Manifest.Sharding sharding = part.rank().map(sharding()::ofRank).orElseGet(this::sharding);
        Manifest manifest = manifest(origin, sharding, files);
        if (part.rank().isPresent()) {
            manifest.write(directory);
        }
        return manifest;
    }

    /** What is beside the directories of the ranks, which is the same whichever of them are compiled here. */
    private Manifest above(Path directory, Manifest.Source origin) {
        target.above(decoder, name, companions, directory);
        List<Path> ranks =
                parts.stream().map(part -> directory.resolve(part.directory())).toList();
        SortedMap<String, FileFact> files = new TreeMap<>();
        OutputDirectory.files(directory).stream()
                .filter(file -> ranks.stream().noneMatch(file::startsWith))
                .forEach(file -> files.put(directory.relativize(file).toString(), FileHash.of(file)));
        return manifest(origin, sharding().above(), files);
    }

    private Manifest manifest(Manifest.Source origin, Manifest.Sharding sharding, SortedMap<String, FileFact> files) {
        return new Manifest(
                tools.version(),
                tools.libraries(),
                origin,
                compilation.recipe().recipe().entries(),
                Manifest.Emission.of(target, decoder),
                sharding,
                compilation.model(),
                files);
    }

    private Manifest.Sharding sharding() {
        return decoder.sharding()
                .map(cut -> new Manifest.Sharding(
                        cut.devices(), List.of(0), cut.placement().toString(), cut.vocabulary(), target.collective()))
                .orElse(Manifest.Sharding.NONE);
    }
}
