package dev.twofold.ort;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where ONNX Runtime computes.
 *
 * @param name as users write it
 * @param library of a provider that ONNX Runtime takes as a plugin; empty where it is known where to look for it
 */
public record Provider(String name, Optional<Path> library) {

    public static final Provider CPU = new Provider("cpu", Optional.empty());
    public static final Provider CUDA = new Provider("cuda", Optional.empty());
    /** A plugin that comes as a Python package. */
    public static final Provider WEBGPU = new Provider("webgpu", Optional.empty());

    /**
     * A provider as users write it.
     *
     * @param text a name, or {@code NAME=LIBRARY} for a plugin
     * @throws IllegalArgumentException if it is neither
     */
    public static Provider valueOf(String text) {
        int equals = text.indexOf('=');
        String name = equals < 0 ? text : text.substring(0, equals);
        Provider plain = new Provider(name, Optional.empty());
        if (equals < 0) {
            if (plain.equals(CPU) || plain.equals(CUDA) || plain.equals(WEBGPU)) {
                return plain;
            }
            throw new IllegalArgumentException(
                    "'" + text + "' is not one of [cpu, cuda, webgpu], nor NAME=LIBRARY of another");
        }
        if (!name.matches("[A-Za-z0-9_.-]+")
                || plain.equals(CPU)
                || plain.equals(CUDA)
                || equals == text.length() - 1) {
            throw new IllegalArgumentException("'" + text + "' is not NAME=LIBRARY of a plugin");
        }
        return new Provider(name, Optional.of(Path.of(text.substring(equals + 1))));
    }

    public boolean isCpu() {
        return equals(CPU);
    }

    /** Whether it is no part of ONNX Runtime. */
    public boolean isPlugin() {
        return !isCpu() && !equals(CUDA);
    }

    @Override
    public String toString() {
        return name;
    }
}
