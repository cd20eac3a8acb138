package dev.twofold.tokenizer;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The process of a tokenizer. It answers requests on standard input, as {@link Wire} has them, until that ends.
 *
 * <pre>
 *   TokenizerMain FILE      first answers whether the library could be loaded, then whether the file could be read
 * </pre>
 */
public final class TokenizerMain {

    private TokenizerMain() {}

    public static void main(String[] arguments) throws IOException {
        // Nobody else would end a request without end once whoever asked is dead.
        ProcessHandle.current()
                .parent()
                .ifPresent(asker ->
                        asker.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
        // What the library prints must not get between the answers.
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
        if (!Wire.answer(out, () -> {
            NativeTokenizer.load();
            return new byte[0];
        })) {
            return;
        }
        NativeTokenizer[] opened = new NativeTokenizer[1];
        if (!Wire.answer(out, () -> {
            opened[0] = NativeTokenizer.open(Path.of(arguments[0]));
            return new byte[0];
        })) {
            return;
        }
        try (NativeTokenizer tokenizer = opened[0]) {
            for (int request = in.read(); request >= 0; request = in.read()) {
                byte[] content = Wire.read(in);
                int kind = request;
                Wire.answer(out, () -> answer(tokenizer, kind, content));
            }
        }
    }

    private static byte[] answer(NativeTokenizer tokenizer, int request, byte[] content) {
        return switch (request) {
            case Wire.ENCODE -> Wire.ids(tokenizer.encode(Wire.text(content)));
            case Wire.ENCODE_PLAIN -> Wire.ids(tokenizer.encodePlain(Wire.text(content)));
            case Wire.DECODE -> Wire.text(tokenizer.decode(Wire.ids(content)));
            case Wire.RENDER -> {
                String[] texts = Wire.texts(content);
                yield Wire.text(ChatTemplate.render(texts[0], texts[1]));
            }
            default -> throw new IllegalArgumentException("request " + request);
        };
    }
}
