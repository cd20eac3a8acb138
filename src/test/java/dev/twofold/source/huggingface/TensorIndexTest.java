package dev.twofold.source.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.disk.MappedFiles;
import dev.twofold.pipeline.Sources;
import dev.twofold.source.Source;
import dev.twofold.tensor.DType;
import dev.twofold.testing.SafetensorsBuilder;
import dev.twofold.testing.TinyLlama;
import dev.twofold.weight.WeightEvaluator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorIndexTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FIRST = "model-00001-of-00002.safetensors";
    private static final String SECOND = "model-00002-of-00002.safetensors";
    private static final String HEAD = "lm_head.weight";

    @TempDir
    private Path directory;

    private Path index;
    private ObjectNode json;

    @BeforeEach
    void writeShards() throws IOException {
        TinyLlama.create().sharded(2).write(directory);
        index = directory.resolve("model.safetensors.index.json");
        json = (ObjectNode) JSON.readTree(Files.readString(index));
    }

    private ObjectNode map() {
        return (ObjectNode) json.get("weight_map");
    }

    private TwofoldException refused() throws IOException {
        Files.writeString(index, json.toString());
        TwofoldException e = catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory));
        assertThat(e).as("accepted").isNotNull();
        assertThat(e.kind()).isEqualTo(Kind.INPUT);
        return e;
    }

    @Test
    void reads_shards_like_one_file() throws IOException {
        Path single = TinyLlama.create().write(directory.resolve("single"));
        Source shards = Sources.SHIPPED.open(directory);
        assertThat(shards.files()).contains(directory.resolve(FIRST), directory.resolve(SECOND));
        Decoder one = Sources.SHIPPED.open(single).decoder();
        try (MappedFiles files = new MappedFiles()) {
            WeightEvaluator evaluator = new WeightEvaluator(files);
            assertThat(evaluator.read(shards.decoder().head().weight()))
                    .isEqualTo(evaluator.read(one.head().weight()));
            assertThat(evaluator.read(shards.decoder().embedding().table()))
                    .isEqualTo(evaluator.read(one.embedding().table()));
        }
    }

    @Test
    void an_index_needs_no_metadata() throws IOException {
        json.remove("metadata");
        Files.writeString(index, json.toString());
        assertThat(Sources.SHIPPED.open(directory).files().stream()
                        .filter(file -> file.toString().endsWith(".safetensors")))
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../" + SECOND,
                "/etc/model.safetensors",
                "sub/" + SECOND,
                "..\\" + SECOND,
                "C:" + SECOND,
                "..",
                "",
                "model.bin",
                "model\u0000.safetensors"
            })
    void refuses_a_shard_that_is_not_a_plain_safetensors_name(String shard) throws IOException {
        map().put(HEAD, shard);
        assertThat(refused())
                .hasMessageContaining("weight_map." + HEAD)
                .hasMessageContaining("plain name of a .safetensors file");
    }

    @Test
    void does_not_read_a_file_outside_the_directory_that_exists() throws IOException {
        Path outside = directory.resolveSibling("outside.safetensors");
        new SafetensorsBuilder().write(outside);
        try {
            map().put(HEAD, "../outside.safetensors");
            assertThat(refused()).hasMessageContaining("plain name");
        } finally {
            Files.delete(outside);
        }
    }

    @Test
    void refuses_a_shard_that_is_no_string() throws IOException {
        map().put(HEAD, 2);
        assertThat(refused()).hasMessageContaining("weight_map." + HEAD);
    }

    @Test
    void refuses_a_missing_shard() throws IOException {
        Files.delete(directory.resolve(SECOND));
        assertThat(refused()).hasMessageContaining(SECOND).hasMessageContaining("the file is missing");
    }

    @Test
    void refuses_a_tensor_that_its_shard_does_not_hold() throws IOException {
        map().put("model.extra", SECOND);
        assertThat(refused())
                .hasMessageContaining(SECOND)
                .hasMessageContaining("tensor model.extra")
                .hasMessageContaining("does not hold");
    }

    @Test
    void refuses_a_tensor_that_the_index_does_not_map() throws IOException {
        map().remove(HEAD);
        assertThat(refused()).hasMessageContaining("tensor " + HEAD).hasMessageContaining("no entry");
    }

    @Test
    void refuses_a_tensor_that_the_index_maps_to_another_shard() throws IOException {
        map().put(HEAD, FIRST);
        assertThat(refused()).hasMessageContaining("tensor " + HEAD).hasMessageContaining("maps it to " + FIRST);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "-1", "\"many\"", "[]", "1e30", "12345.5"})
    void a_total_size_that_is_not_the_size_of_the_tensors_is_said(String total) throws IOException {
        ((ObjectNode) json.get("metadata")).set("total_size", JSON.readTree(total));
        Files.writeString(index, json.toString());
        assertThat(Sources.SHIPPED.open(directory).notes())
                .singleElement()
                .asString()
                .contains("total_size", "is not the size of the tensors");
    }

    @Test
    void shards_without_an_index_are_all_read() throws IOException {
        Source indexed = Sources.SHIPPED.open(directory);
        Files.delete(index);
        Source found = Sources.SHIPPED.open(directory);
        assertThat(found.decoder()).isEqualTo(indexed.decoder());
        assertThat(found.notes()).singleElement().asString().contains("there is no model.safetensors.index.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {FIRST, SECOND})
    void refuses_shards_without_an_index_of_which_one_is_missing(String shard) throws IOException {
        Files.delete(index);
        Files.delete(directory.resolve(shard));
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("shards do not belong together")
                .hasMessageContaining(FIRST + " to " + SECOND);
    }

    @Test
    void refuses_two_shards_without_an_index_that_hold_one_tensor() throws IOException {
        Files.delete(index);
        Files.copy(directory.resolve(FIRST), directory.resolve(SECOND), StandardCopyOption.REPLACE_EXISTING);
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining(SECOND)
                .hasMessageContaining("two shards hold the tensor");
    }

    @Test
    void refuses_a_weight_map_that_is_missing_or_empty_or_a_list() throws IOException {
        json.putObject("weight_map");
        assertThat(refused()).hasMessageContaining("weight_map");
        json.putArray("weight_map");
        assertThat(refused()).hasMessageContaining("weight_map");
        json.remove("weight_map");
        assertThat(refused()).hasMessageContaining("weight_map");
    }

    @Test
    void a_single_file_counts_and_an_index_beside_it_does_not() throws IOException {
        TinyLlama.of(DType.F32, 2).write(directory);
        Source source = Sources.SHIPPED.open(directory);
        assertThat(source.files())
                .contains(directory.resolve("model.safetensors"))
                .doesNotContain(index);
        assertThat(source.notes())
                .singleElement()
                .asString()
                .contains("model.safetensors counts", "index.json beside it does not");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{\"weight_map\":{}} x", "{\"a\":1,\"a\":2}", "{"})
    void refuses_an_index_that_is_not_one_json_object(String text) throws IOException {
        Files.writeString(index, text);
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("model.safetensors.index.json");
    }

    @Test
    void refuses_an_index_of_deep_nesting() throws IOException {
        Files.writeString(index, "{\"metadata\":" + "[".repeat(100_000));
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(directory)))
                .hasMessageContaining("JSON beyond any bounds");
    }

    @Test
    void says_so_when_there_are_no_safetensors_or_only_a_pickle() throws IOException {
        Path empty = TinyLlama.create().write(directory.resolve("empty"));
        Files.delete(empty.resolve("model.safetensors"));
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(empty)))
                .hasMessageContaining("no safetensors");
        Files.write(empty.resolve("pytorch_model.bin"), new byte[9]);
        assertThat(catchThrowableOfType(TwofoldException.class, () -> Sources.SHIPPED.open(empty)))
                .hasMessageContaining("convert pytorch_model.bin to safetensors first");
    }
}
