package dev.twofold.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The library, which reports what is wrong with a file by exceptions of no kind in particular, or ends the process. */
final class NativeTokenizer implements AutoCloseable {

    private final HuggingFaceTokenizer tokenizer;

    private NativeTokenizer(HuggingFaceTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Unpacks and loads the library. */
    static void load() {
        // It would otherwise look for updates and report its use when it finds itself in a cloud.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        LibUtils.checkStatus();
    }

    static NativeTokenizer open(Path file) throws IOException {
        return new NativeTokenizer(
                HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false")));
    }

    /** With the special tokens that the tokenizer adds. */
    long[] encode(String text) {
        return tokenizer.encode(text).getIds();
    }

    /** Without them; those in the text are special all the same. */
    long[] encodePlain(String text) {
        return tokenizer.encode(text, false, false).getIds();
    }

    /** Without special tokens. */
    String decode(long[] ids) {
        return tokenizer.decode(ids, true);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
