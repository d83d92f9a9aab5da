//! A small stand-in for Supabase's auth: one user, whose tokens PostgREST takes.

use super::Result;
use chronicle::uuid::Uuid;
use chronicle_test_servers::Token;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const EMAIL: &str = "ada@shop.example";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Serves until the program ends, and says where.
pub(crate) async fn start() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        let (user, mut refresh) = (Uuid::now_v7(), Uuid::now_v7());
        while let Ok((mut stream, _)) = listener.accept().await {
            if let Err(error) = serve(&mut stream, user, &mut refresh).await {
                tracing::warn!(%error, "a request was not answered");
            }
        }
    });
    Ok(url)
}

/// Reads one request, and answers it.
async fn serve(stream: &mut TcpStream, user: Uuid, refresh: &mut Uuid) -> Result<()> {
    let mut reader = BufReader::new(&mut *stream);
    let (mut target, mut line, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut target).await?;
    while reader.read_line(&mut line).await? > 2 {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    let (status, answer) = match tokens(&target, &serde_json::from_slice(&body)?, user, refresh) {
        Some(answer) => ("200 OK", answer),
        None => ("400 Bad Request", json!({ "error_code": "invalid_credentials" })),
    };
    let (body, close) = (answer.to_string(), "Connection: close");
    let head = format!("HTTP/1.1 {status}\r\n{close}\r\nContent-Length: {}\r\n\r\n", body.len());
    Ok(stream.write_all(format!("{head}{body}").as_bytes()).await?)
}

/// What Supabase answers to who is taken for the user. A refresh token is good for one time.
fn tokens(target: &str, body: &Value, user: Uuid, refresh: &mut Uuid) -> Option<Value> {
    let token = Token::new("authenticated").subject(&user.to_string()).claim("email", EMAIL);
    let access = match target.split_whitespace().nth(1)? {
        // Who signs in has to see how a token is refreshed, and not to wait an hour for it.
        "/auth/v1/token?grant_type=password"
            if body["email"] == EMAIL && body["password"] == PASSWORD =>
        {
            token.expired_since(Duration::from_secs(60))
        }
        "/auth/v1/token?grant_type=refresh_token"
            if body["refresh_token"] == refresh.to_string() =>
        {
            token.expires_in(Duration::from_secs(3_600))
        }
        _ => return None,
    };
    *refresh = Uuid::now_v7();
    Some(json!({
        "access_token": access.sign(), "token_type": "bearer", "expires_in": 3_600,
        "refresh_token": refresh.to_string(), "user": { "id": user, "email": EMAIL },
    }))
}
