package dev.twofold.source.gguf;

import dev.twofold.checkpoint.RopeRange;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileStamps;
import dev.twofold.source.Companion;
import dev.twofold.source.Source;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model in GGUF files.
 *
 * @param path of the first, or only, file
 * @param files all of them, in order
 * @param tokenized whether its tokenizer is one that is rebuilt
 * @param range of positions that it was read for
 */
record GgufModel(
        Path path,
        Decoder decoder,
        List<Path> files,
        boolean tokenized,
        GeneratedFiles generated,
        RopeRange range,
        List<String> notes,
        FileStamps stamps)
        implements Source {

    /** Without what every file of the format has in its name. */
    @Override
    public String name() {
        String name = String.valueOf(path.toAbsolutePath().normalize().getFileName());
        return name.replaceFirst("(-\\d{5}-of-\\d{5})?\\.gguf$", "");
    }

    @Override
    public TokenizerFile tokenizer() {
        if (!tokenized) {
            throw TwofoldException.input("the model has no tokenizer that Twofold can rebuild")
                    .at(Origin.key(path, Vocabulary.MODEL))
                    .expected("gpt2 or llama")
                    .hint("give the checkpoint that the file was made of");
        }
        return TokenizerFile.open(generated.directory());
    }

    @Override
    public List<Companion> companions() {
        return generated.files().stream().map(Companion::of).toList();
    }

    @Override
    public Map<String, String> options() {
        return range == RopeRange.SHORT ? Map.of() : Map.of(RopeRange.OPTION, range.toString());
    }

    /** The whole of a file decides: its metadata is not hashed apart from its weights. */
    @Override
    public boolean decides(String name) {
        return name.endsWith(GgufFormat.EXTENSION);
    }
}
