// Command grpc-gateway puts grpc-gateway's handlers for the race's service in front of an upstream.
//
// Usage: grpc-gateway LISTEN UPSTREAM, two addresses such as 127.0.0.1:8080.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"peers/gen/peers"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: grpc-gateway LISTEN UPSTREAM")
	}
	mux := runtime.NewServeMux()
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	err := gen.RegisterTodoServiceHandlerFromEndpoint(context.Background(), mux, os.Args[2], []grpc.DialOption{plain})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(os.Args[1], mux))
}
