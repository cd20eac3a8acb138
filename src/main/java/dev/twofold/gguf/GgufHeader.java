package dev.twofold.gguf;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a GGUF file says before its data.
 *
 * @param metadata in the order of the file
 * @param tensors in the order of the file
 * @param dataStart where the data begins, which offsets of tensors count from
 */
public record GgufHeader(
        Path file, int version, Map<String, MetadataValue> metadata, List<TensorEntry> tensors, long dataStart) {}
