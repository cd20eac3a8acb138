package dev.twofold.checkpoint;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A tokenizer.json, run by the Hugging Face tokenizers library. */
public final class TokenizerFile implements AutoCloseable {

    static final String NAME = "tokenizer.json";

    private final Path file;
    private final HuggingFaceTokenizer tokenizer;

    private TokenizerFile(Path file, HuggingFaceTokenizer tokenizer) {
        this.file = file;
        this.tokenizer = tokenizer;
    }

    /**
     * @throws TwofoldException of kind INPUT if the directory has no tokenizer.json, or a malformed one
     */
    public static TokenizerFile open(Path directory) {
        Path file = directory.resolve(NAME);
        if (!SourceFile.exists(file)) {
            throw TwofoldException.input("there is no tokenizer")
                    .at(Origin.file(file))
                    .hint("copy tokenizer.json from the model's page, or save it with transformers' fast tokenizer");
        }
        TokenizerCheck.check(file, Integer.MAX_VALUE);
        // The library would otherwise look for updates and report its use when it finds itself in a cloud.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        try {
            LibUtils.checkStatus();
        } catch (RuntimeException | LinkageError e) {
            throw TwofoldException.environment("the native library of the tokenizer cannot be loaded")
                    .found(e)
                    .hint("it is unpacked to DJL_CACHE_DIR, or .djl.ai in the home directory: check that directory")
                    .cause(e);
        }
        try {
            return new TokenizerFile(
                    file, HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false")));
        } catch (IOException | RuntimeException e) {
            throw unusable(file, "the tokenizer cannot be read", e);
        }
    }

    /** What the library says of a file comes as an exception of no kind in particular. */
    private static TwofoldException unusable(Path file, String what, Exception e) {
        return TwofoldException.input(what)
                .at(Origin.file(file))
                .found(String.valueOf(e.getMessage()))
                .hint("download it again")
                .cause(e);
    }

    /**
     * The token ids of a text, with the special tokens that the tokenizer adds.
     *
     * @param vocabulary size of the model's vocabulary, which every id must be below
     */
    public int[] encode(String text, int vocabulary) {
        long[] ids = run(() -> tokenizer.encode(text).getIds());
        for (long id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw TwofoldException.input("the tokenizer makes tokens that the model does not have")
                        .at(Origin.file(file))
                        .found("token " + id)
                        .expected("below " + vocabulary)
                        .hint("the tokenizer belongs to another model");
            }
        }
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    /** The text of token ids; special tokens are left out. */
    public String decode(List<Integer> ids) {
        return run(() ->
                tokenizer.decode(ids.stream().mapToLong(Integer::longValue).toArray(), true));
    }

    private <T> T run(Supplier<T> use) {
        try {
            return use.get();
        } catch (RuntimeException e) {
            throw unusable(file, "the tokenizer does not work", e);
        }
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
