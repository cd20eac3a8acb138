package dev.twofold.pipeline;

import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.Source;
import dev.twofold.source.SourceFormat;
import dev.twofold.source.SourceOptions;
import dev.twofold.source.gguf.GgufFormat;
import dev.twofold.source.huggingface.HuggingFaceFormat;
import dev.twofold.source.onnx.OnnxFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The formats that models are read from.
 *
 * @param formats the first that recognises a place reads it
 */
public record Sources(List<SourceFormat> formats) {

    /** Those that come with Twofold. A new format is added here. */
    public static final Sources SHIPPED =
            new Sources(List.of(new GgufFormat(), new OnnxFormat(), new HuggingFaceFormat()));

    public Sources {
        formats = List.copyOf(formats);
    }

    /** @throws TwofoldException of kind INPUT if there is no model that can be read */
    public Source open(Path path) {
        return open(path, SourceOptions.NONE);
    }

    /** @throws TwofoldException of kind INPUT if there is no model that can be read, or none that can be read so */
    public Source open(Path path, SourceOptions options) {
        return format(path).open(path, options);
    }

    /** What a model computes, by its configuration alone. */
    public Decoder describe(Path path) {
        return format(path).describe(path);
    }

    /** What the config.json in a directory describes, whatever else lies beside it. */
    Decoder describeConfiguration(Path directory) {
        return new HuggingFaceFormat().describe(directory);
    }

    private SourceFormat format(Path path) {
        return formats.stream()
                .filter(format -> format.recognises(path))
                .findFirst()
                .orElseThrow(() -> TwofoldException.input(
                                Files.exists(path) ? "not a model that Twofold reads" : "the checkpoint does not exist")
                        .at(Origin.file(path))
                        .expected(expected()));
    }

    private String expected() {
        return formats.stream().map(SourceFormat::expected).collect(Collectors.joining(", or "));
    }
}
