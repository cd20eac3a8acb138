package dev.twofold.pipeline;

import dev.twofold.checkpoint.Checkpoint;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Progress;
import dev.twofold.onnx.CompanionFiles;
import dev.twofold.onnx.ModelEmitter;
import dev.twofold.onnx.OutputDirectory;
import dev.twofold.onnx.OutputTarget;
import dev.twofold.pass.Facts;
import dev.twofold.pass.GraphNames;
import dev.twofold.report.FileHash;
import dev.twofold.report.Manifest;
import dev.twofold.report.Manifest.FileFact;
import dev.twofold.weight.MappedFiles;
import dev.twofold.weight.WeightEvaluator;
import dev.twofold.weight.WeightWriter;
import dev.twofold.weight.WeightWriter.Written;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/** The whole way from a checkpoint to an output directory. */
public final class Conversion {

    /** Room beside the weights for the graph, the tokenizer and the manifest. */
    private static final long SMALL_FILES = 64L << 20;

    private final Checkpoint checkpoint;
    private final Plan plan;
    private final Decoder decoder;
    private final ModelEmitter emitter;
    private final Facts outcome;

    /**
     * Prepares a conversion; no weight is read.
     *
     * @param plan checked against the checkpoint's decoder
     */
    public Conversion(Checkpoint checkpoint, Plan plan, PassRunner runner, ModelEmitter emitter) {
        this.checkpoint = checkpoint;
        this.plan = plan;
        this.decoder = runner.run(plan, checkpoint.decoder());
        this.emitter = emitter;
        this.outcome = plan.outcome(Facts.of(checkpoint.decoder()));
    }

    /** Bytes moved, and the manifest of what was made. */
    public record Result(Manifest manifest, long bytesRead, long bytesWritten) {}

    public ModelEmitter.Preview preview() {
        return emitter.preview(decoder);
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
     * Writes the output directory, whole or not at all.
     *
     * @param version of Twofold, for the manifest
     */
    public Result run(OutputTarget target, String version, Progress progress) {
        long expected = preview().dataBytes();
        try (MappedFiles files = new MappedFiles();
                OutputDirectory output = OutputDirectory.stage(target, expected + SMALL_FILES)) {
            progress.begin("writing weights", expected, Progress.Unit.BYTES);
            Written data = emitter.emit(decoder, output.path(), new WeightWriter(new WeightEvaluator(files), progress));
            files.requireUnchanged();
            CompanionFiles.write(output.path(), checkpoint.companions(), decoder, emitter.caches(decoder));
            Manifest manifest = manifest(output.path(), version, data);
            manifest.write(output.path());
            output.commit();
            progress.end();
            long written = manifest.files().values().stream()
                    .mapToLong(FileFact::bytes)
                    .sum();
            return new Result(manifest, files.bytesRead(), written);
        }
    }

    private Manifest manifest(Path directory, String version, Written data) {
        SortedMap<String, FileFact> files = new TreeMap<>();
        for (Path file : OutputDirectory.files(directory)) {
            String name = directory.relativize(file).toString();
            files.put(
                    name, name.equals(GraphNames.DATA) ? new FileFact(data.bytes(), data.sha256()) : FileHash.of(file));
        }
        Manifest.Emission emission = new Manifest.Emission(
                emitter.dialect().toString(),
                emitter.layout().toString(),
                decoder.precision().toString());
        return new Manifest(version, source(), plan.entries(), emission, model(), files);
    }

    private Manifest.Source source() {
        SortedMap<String, Long> files = new TreeMap<>();
        checkpoint.sources().forEach(file -> files.put(file.getFileName().toString(), FileHash.size(file)));
        Path directory = checkpoint.directory().toAbsolutePath().normalize();
        return new Manifest.Source(String.valueOf(directory.getFileName()), files);
    }
}
